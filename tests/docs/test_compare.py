"""docs/reference/compare.md states the numbers and the names that the code uses."""

import re

from benchsuite.measure.statistics import verdicts
from benchsuite.report.comparison.metrics import SHORT


def test_margins(document):
    stated = re.findall(
        r"^\| `(MARGIN\w*)` \| ([\d.]+) \|", document("reference/compare.md"), re.MULTILINE
    )

    assert len(stated) == 3
    assert all(getattr(verdicts, name) == float(value) for name, value in stated)


def test_short_names_of_metrics(document, table):
    assert dict(table(document("reference/compare.md"), "## Metrics")) == SHORT
