import pytest

from benchsuite.errors import UsageError
from benchsuite.report.comparison.metrics import SHORT, metric_named, metrics_named


def test_short_names_are_of_columns_that_can_be_compared():
    for short, long in SHORT.items():
        assert metric_named(short).name == metric_named(long).name == long
        assert metric_named(long).alias == short


def test_metrics_are_named_once():
    assert len(metrics_named(["latency", "latency_batch1_p50_s", "import_s"])) == 2


def test_column_without_a_better_end_is_refused():
    with pytest.raises(UsageError, match="'parameters' is not a metric that can be compared"):
        metric_named("parameters")
