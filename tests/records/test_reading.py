"""Files of ours that somebody else wrote."""

import json
import os

import pytest

from benchsuite.errors import UsageError
from benchsuite.records import RunStore, read_record
from benchsuite.records.certificate import read_certificates
from benchsuite.records.series import read_series
from benchsuite.records.store import read_run

DEEP = b'{"schema": 3, "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
BAD = {
    "depth": DEEP,
    "depth alone": b"[" * 100_000,
    "objects": b'{"a":' * 100_000,
    "digits": b'{"schema": ' + b"9" * 100_000 + b"}",
    "nan": b'{"schema": NaN}',
    "half a character": b'{"schema": "\\ud800"}',
    "nothing": b"",
    "zeros": bytes(100),
    "latin": b'{"schema": "\xff"}',
    "number": b"1",
}


def certificates_of(path):
    return list(read_certificates(path.parents[2]))


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
@pytest.mark.parametrize("read", [read_record, read_series, certificates_of, read_run])
def test_readers_refuse_what_is_none_of_ours(tmp_path, read, content):
    folder = tmp_path / "certificates" / "lenet5"
    folder.mkdir(parents=True)
    path = folder / "run.json"
    path.write_bytes(content)
    if content == b"" and read is read_series:
        assert read_series(path) == []
        return
    with pytest.raises(UsageError, match=r"run\.json' is not a benchsuite"):
        read(folder if read is read_run else path)


@pytest.mark.parametrize("read", [read_record, read_series])
def test_readers_wait_for_no_pipe(tmp_path, read):
    os.mkfifo(tmp_path / "run.json")
    with pytest.raises(UsageError, match="cannot be read: it is not an ordinary file"):
        read(tmp_path / "run.json")


@pytest.mark.parametrize(
    "facts",
    [
        {"parts": 5},
        {"parts": [{"run": "one"}]},
        {"parts": [{"cases": [1]}]},
        {"environment": []},
        {"environment": {"commit": 5}},
        {"environment": {"host": ["a"]}},
    ],
)
def test_read_run_refuses_facts_that_no_view_can_show(tmp_path, facts):
    (tmp_path / "run.json").write_text(json.dumps(facts))
    with pytest.raises(UsageError, match=r"run\.json' is not a benchsuite run"):
        read_run(tmp_path)


@pytest.mark.parametrize("number", [1 << 63, -(1 << 63) - 1, 10**4000])
def test_read_record_refuses_numbers_that_no_table_holds(tmp_path, make_record, number):
    path = RunStore(tmp_path, "first").write(make_record())
    record = json.loads(path.read_text())
    record["case"]["seed"] = 0
    changed = json.dumps(record).replace('"seed": 0', f'"seed": {number}')
    path.write_text(changed)
    with pytest.raises(UsageError, match="is not a benchsuite record"):
        read_record(path)


@pytest.mark.parametrize(("field", "value"), [("samples", [-1]), ("calls", 0), ("round", 1 << 54)])
def test_read_series_refuses_numbers_that_no_clock_yields(tmp_path, field, value):
    line = {
        "metric": "latency",
        "batch_size": 1,
        "images": 1,
        "samples": [5],
        "reading": {"seconds": 1.0, "cores_used": 1.0},
    }
    path = tmp_path / "case.jsonl"
    path.write_text(json.dumps(line))
    assert len(read_series(path)) == 1
    path.write_text(json.dumps({**line, field: value}))
    with pytest.raises(UsageError, match="is not a benchsuite file of samples"):
        read_series(path)
