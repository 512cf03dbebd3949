import pytest
from msgspec.structs import replace

from benchsuite.records import RunStore, Stored
from benchsuite.report.comparison.rows import RecordRow

#: Nine processes of a figure, and of the anchor, that differ by little.
NOISE = (1.0, 1.01, 0.99, 1.005, 0.995, 1.002, 0.998, 1.007, 0.993)


@pytest.fixture
def make_row(make_record, tmp_path):
    """A function that stores a record of the protocol `full` and gives its row.

    `latency` and `anchor` are factors: the nine processes' figures are so many times the usual.
    """

    def make(*, latency=1.0, anchor=1.0, samples=(), protocol="full-1", **facts):
        values = {
            "latency": tuple(0.001 * latency * x for x in NOISE),
            "anchor": tuple(0.002 * anchor * x for x in NOISE[::-1]),
            **dict(samples),
        }
        record = make_record(protocol=protocol, samples=values, **facts)
        return RecordRow(Stored(RunStore(tmp_path / "results", record.run).write(record), record))

    return make


@pytest.fixture
def marked():
    """A function that gives the same row with other fields in all its measurements."""

    def mark(row, **fields):
        findings = row.record.findings
        measurements = tuple(replace(m, **fields) for m in findings.measurements)
        record = replace(row.record, findings=replace(findings, measurements=measurements))
        return RecordRow(Stored(row.stored.path, record))

    return mark
