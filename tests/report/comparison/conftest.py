import pytest

from benchsuite.report.comparison.judge import judge
from benchsuite.report.comparison.metrics import metrics_named
from benchsuite.report.comparison.pairing import pair_sides


@pytest.fixture
def compare():
    """A function that gives the one finding on two rows, by a metric's name."""

    def compare(first, second, metric="latency"):
        (finding,) = judge(pair_sides([first], [second]).pairs, metrics_named([metric]))
        return finding

    return compare
