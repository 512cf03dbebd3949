import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchsuite.errors import StorageError, UsageError
from benchsuite.records import RunStore, locked, read_record, read_records
from benchsuite.records.store import Stored

HOLDS = """
import sys
from pathlib import Path
from benchsuite.records import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_store_gives_back_what_was_written(tmp_path, make_record):
    record = make_record(test={"loss_nats": None})

    path = RunStore(tmp_path, "first").write(record)

    assert path == tmp_path / "runs" / "first" / "records" / f"{record.case.id}.json"
    assert read_record(path) == record


def test_store_writes_text_for_people_too(tmp_path, make_record):
    lines = RunStore(tmp_path, "first").write(make_record()).read_text().splitlines()

    assert ' "status": "ok",' in lines


def test_store_replaces_the_record_of_the_same_case(tmp_path, make_record):
    store = RunStore(tmp_path, "first")
    store.write(make_record(status="failed", reason="out of luck"))
    path = store.write(make_record())

    assert names(path.parent) == [path.name]
    assert read_record(path).status == "ok"


def test_store_keeps_the_facts_of_the_run(tmp_path):
    store = RunStore(tmp_path, "first")
    store.write_run({"cpu": "Test CPU"})

    assert json.loads((store.folder / "run.json").read_text()) == {"cpu": "Test CPU"}


def test_store_has_a_log_for_every_task(tmp_path):
    store = RunStore(tmp_path, "first")

    assert store.log_path("a-case", "train").parent.is_dir()
    assert store.log_path("a-case", "train") != store.log_path("a-case", "latency")


def test_store_refuses_a_folder_that_cannot_be_written(tmp_path):
    in_the_way = tmp_path / "results"
    in_the_way.write_text("a file")

    with pytest.raises(UsageError, match=r"cannot be written \(Not a directory\)") as caught:
        RunStore(in_the_way, "first")

    assert str(in_the_way) in str(caught.value)
    assert in_the_way.read_text() == "a file"


def test_read_records_finds_all_of_a_results_folder_in_order(tmp_path, make_record):
    for run in ("second", "first"):
        store = RunStore(tmp_path, run)
        for seed in (1, 0):
            store.write(make_record(seed=seed, run=run))

    found = list(read_records([tmp_path]))

    assert [record.run for record in found] == ["first", "first", "second", "second"]
    assert {record.case.seed for record in found} == {0, 1}


def test_read_records_takes_a_runs_folder_and_single_files(tmp_path, make_record):
    store = RunStore(tmp_path, "first")
    paths = [store.write(make_record(seed=seed)) for seed in (0, 1)]

    assert len(list(read_records([store.folder]))) == 2
    assert [record.case.seed for record in read_records(reversed(paths))] == [1, 0]


def test_read_records_ignores_a_half_written_file(tmp_path, make_record):
    path = RunStore(tmp_path, "first").write(make_record())
    (path.parent / f".{path.name}.a1b2c3").write_text('{"schema": 1, "st')

    assert len(list(read_records([tmp_path]))) == 1


def test_read_records_refuses_a_path_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="no results at"):
        list(read_records([tmp_path / "nowhere"]))


@pytest.mark.parametrize("changed", [{"case": "of another shape"}, {}])
def test_read_record_refuses_a_newer_schema(tmp_path, make_record, changed):
    path = RunStore(tmp_path, "first").write(make_record())
    newer = {**json.loads(path.read_text()), "schema": 99, **changed}
    path.write_text(json.dumps(newer))

    with pytest.raises(UsageError, match="record schema 99; this benchsuite reads up to 4"):
        read_record(path)


@pytest.mark.parametrize(
    "content", ["", "not JSON", "[]", "{}", '{"schema": "one"}', '{"schema": 1}', "\xff"]
)
def test_read_record_refuses_what_is_no_record(tmp_path, content):
    path = Path(tmp_path / "record.json")
    path.write_bytes(content.encode("latin-1"))

    with pytest.raises(UsageError, match="is not a benchsuite record"):
        read_record(path)


def test_read_record_refuses_what_cannot_be_read(tmp_path):
    folder = tmp_path / "records" / "folder.json"
    folder.mkdir(parents=True)

    with pytest.raises(UsageError, match="cannot be read"):
        list(read_records([tmp_path]))


def test_predictions_are_beside_their_record(tmp_path, make_record):
    store = RunStore(tmp_path, "first")
    record = make_record()

    stored = Stored(store.write(record), record)

    assert stored.predictions == store.predictions_path(record.case.id)
    assert stored.samples == store.samples_path(record.case.id)


def test_store_says_that_the_disk_is_full(tmp_path, make_record, full_disk):
    store = RunStore(tmp_path, "first")
    full_disk()

    with pytest.raises(StorageError, match=r"No space left on device.*--resume"):
        store.write(make_record())


def test_runs_that_begin_at_once_have_folders_of_their_own(tmp_path):
    stores = [RunStore.begin(tmp_path) for _ in range(3)]

    assert len({store.folder for store in stores}) == 3


def test_half_written_files_are_tidied_away(tmp_path, make_record):
    store = RunStore(tmp_path, "first")
    path = store.write(make_record())
    predictions = store.predictions_path("a-case")
    for written in (path, predictions):
        written.with_name(f".{written.name}.x1y2").write_text("{")
    store.tidy()

    assert names(path.parent) == [path.name]
    assert names(predictions.parent) == []


def test_run_is_held_by_one_process(tmp_path):
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(UsageError, match=f"in use by process {other.pid}"), locked(tmp_path):
            pytest.fail("two hold it")
        other.kill()

    with locked(tmp_path):
        assert (tmp_path / "lock").read_text() == str(os.getpid())
