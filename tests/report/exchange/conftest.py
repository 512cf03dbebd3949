import pytest

from benchsuite.records import RunStore, Stored
from benchsuite.records.series import Reading, Series, append_series

ENVIRONMENT = {
    "host": "5bce98f73f3e",
    "cpu": "Test CPU",
    "python": "3.11.7",
    "platform": "Linux-6.1-x86_64",
    "commit": "c0ffee-dirty",
    "gpus": [{"name": "H200"}],
}


@pytest.fixture
def make_series():
    """A function that makes one process's samples, in nanoseconds, of a figure."""

    def make(metric, samples, batch_size=1, calls=1, **fields):
        return Series(
            metric=metric,
            batch_size=batch_size,
            images=batch_size * calls,
            calls=calls,
            samples=tuple(samples),
            reading=Reading(seconds=1.0, cores_used=1.0),
            **fields,
        )

    return make


@pytest.fixture
def store(tmp_path):
    """A function that stores a record, with samples if any, as part of its run."""

    def run(record, series=(), environment=ENVIRONMENT):
        folder = RunStore(tmp_path, record.run)
        folder.write_run({"run": record.run, "environment": environment})
        path = folder.write(record)
        if series:
            append_series(folder.samples_path(record.case.id), series)
        return Stored(path, record)

    return run
