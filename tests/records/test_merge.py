import json
import os
import shutil
from pathlib import Path

import pytest

from benchsuite.errors import UsageError
from benchsuite.records import RunStore, read_records, read_stored
from benchsuite.records.merge import (
    built_beside,
    carry_certificates,
    merge,
    read_parts,
    write_merged,
)

FIRST = Path(__file__).parent / "version1.json"


@pytest.fixture
def store_run(tmp_path):
    """A function that stores records as a run on a host of its own, and returns its folder."""

    def store(name, *records):
        run = RunStore(tmp_path / f"of-{name}", name)
        run.write_run({"run": name, "environment": {"host": name}})
        for record in records:
            run.write(record)
            run.samples_path(record.case.id).write_text(f"samples of {name}")
            run.log_path(record.case.id, "time").write_text(f"log of {name}")
        return run.folder

    return store


@pytest.fixture
def merged_folder(tmp_path):
    """A function that merges folders of runs and returns the new one."""

    def run(*folders, keep=None):
        merged = merge([part for folder in folders for part in read_parts(folder)], keep)
        target = tmp_path / "merged"
        target.mkdir()
        write_merged(target, "merged", merged)
        return target

    return run


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_merged_run_holds_every_case_with_its_files(store_run, merged_folder, make_record):
    records = [make_record(run="one"), make_record(run="two", backend="keras-tensorflow")]
    folders = [store_run(record.run, record) for record in records]
    before = [content(folder) for folder in folders]

    target = merged_folder(*folders)

    assert {r.case.id: r for r in read_records([target])} == {r.case.id: r for r in records}
    for stored in read_stored([target]):
        assert stored.samples.read_text() == f"samples of {stored.record.run}"
        log = target / "logs" / f"{stored.record.case.id}.time.log"
        assert log.read_text() == f"log of {stored.record.run}"
    assert [content(folder) for folder in folders] == before


def test_every_case_keeps_the_facts_of_its_part(store_run, merged_folder, make_record, tmp_path):
    records = [make_record(run=f"run-{seed}", seed=seed) for seed in range(3)]
    folders = [store_run(record.run, record) for record in records]

    (tmp_path / "merged").rename(merged_folder(*folders[:2]).with_name("inner"))
    target = merged_folder(tmp_path / "inner", folders[2])

    hosts = {s.record.run: s.facts()["environment"]["host"] for s in read_stored([target])}
    assert hosts == {f"run-{seed}": f"run-{seed}" for seed in range(3)}
    parts = json.loads((target / "run.json").read_text())["parts"]
    assert [part["run"] for part in parts] == ["run-0", "run-1", "run-2"]


def test_the_same_record_twice_is_held_once(store_run, make_record):
    folders = [store_run(name, make_record()) for name in ("one", "two")]

    merged = merge([part for folder in folders for part in read_parts(folder)])

    assert len(merged.stored) == 1
    assert merged.repeated == (make_record().case.id,)


def test_different_records_of_a_case_are_refused(store_run, make_record):
    one = store_run("one", make_record(status="failed", reason="no luck"))
    two = store_run("two", make_record())

    with pytest.raises(UsageError, match="1 cases have different records") as caught:
        merge([*read_parts(one), *read_parts(two)])

    assert f"{make_record().case.id} (failed in {one}, ok in {two})" in str(caught.value)


@pytest.mark.parametrize(("keep", "kept"), [("first", "failed"), ("last", "ok"), ("ok", "ok")])
def test_keep_decides_between_different_records(store_run, make_record, keep, kept):
    one = store_run("one", make_record(status="failed"), make_record(seed=1))
    two = store_run("two", make_record())

    merged = merge([*read_parts(one), *read_parts(two)], keep)

    assert [stored.record.status for stored in merged.stored if not stored.record.case.seed] == [
        kept
    ]
    assert len(merged.stored) == 2
    assert merged.decided == (make_record().case.id,)


def test_keep_ok_does_not_choose_between_two_that_are_ok(store_run, make_record):
    one = store_run("one", make_record(test={"loss_nats": 0.1}))
    two = store_run("two", make_record(test={"loss_nats": 0.2}))

    with pytest.raises(UsageError, match="finds none, or several, that are ok"):
        merge([*read_parts(one), *read_parts(two)], "ok")


def test_an_old_record_gets_todays_name_with_all_its_files(tmp_path, merged_folder):
    folder = tmp_path / "old"
    (folder / "records").mkdir(parents=True)
    (folder / "samples").mkdir()
    shutil.copy(FIRST, folder / "records" / "old-name.json")
    (folder / "samples" / "old-name.jsonl").write_text("raw")

    (stored,) = read_stored([merged_folder(folder)])

    assert stored.path.stem == stored.record.case.id
    assert stored.path.read_bytes() == FIRST.read_bytes()
    assert stored.samples.read_text() == "raw"
    assert stored.facts()["run"] == "old"


def test_a_results_folder_stands_for_its_runs(tmp_path, make_record):
    for run in ("two", "one", ".unfinished"):
        RunStore(tmp_path, run).write(make_record(run=run))

    assert [part.name for part in read_parts(tmp_path)] == ["one", "two"]


def test_read_parts_refuses_what_is_no_run(tmp_path):
    with pytest.raises(UsageError, match="is neither a run"):
        read_parts(tmp_path)


def test_nobody_sees_an_unfinished_folder(tmp_path, make_record):
    with built_beside(tmp_path / "runs" / "new") as unfinished:
        (unfinished / "records").mkdir()
        (unfinished / "records" / "case.json").write_text("half a rec")
        assert list(read_records([tmp_path])) == []

    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["new"]


def test_a_failure_leaves_nothing_behind(tmp_path):
    def fail(folder):
        (folder / "records").mkdir()
        raise KeyError

    with pytest.raises(KeyError), built_beside(tmp_path / "runs" / "new") as unfinished:
        fail(unfinished)

    assert list((tmp_path / "runs").iterdir()) == []


def test_a_name_that_is_taken_is_refused(tmp_path):
    (tmp_path / "taken").mkdir()

    with pytest.raises(UsageError, match="taken' exists"), built_beside(tmp_path / "taken"):
        pass


def test_certificates_are_carried_over_and_never_replaced(store_run, make_record, tmp_path):
    parts = [
        *read_parts(store_run("one", make_record())),
        *read_parts(store_run("two", make_record())),
    ]
    for part in parts:
        folder = part.results / "certificates" / "lenet5"
        folder.mkdir(parents=True)
        (folder / "torch.cpu.fp64.json").write_text(f"of {part.name}")
        (folder / f"{part.name}.cpu.fp64.json").write_text("its own")

    barred = carry_certificates(parts, tmp_path / "target")

    carried = {path.name: path.read_text() for path in (tmp_path / "target").rglob("*.json")}
    assert carried == {
        "torch.cpu.fp64.json": "of one",
        "one.cpu.fp64.json": "its own",
        "two.cpu.fp64.json": "its own",
    }
    assert [path.name for path in barred] == ["torch.cpu.fp64.json"]
    assert barred[0].is_relative_to(parts[1].results)


def test_a_link_out_of_a_run_is_not_followed(store_run, merged_folder, make_record, tmp_path):
    record = make_record(run="one")
    folder = store_run("one", record)
    (tmp_path / "private").write_text("a key")
    log = folder / "logs" / f"{record.case.id}.time.log"
    log.unlink()
    log.symlink_to(tmp_path / "private")

    with pytest.raises(UsageError, match=r"time\.log' leads out of "):
        merged_folder(folder)


def test_a_pipe_beside_a_record_is_not_waited_for(store_run, merged_folder, make_record):
    record = make_record(run="one")
    folder = store_run("one", record)
    os.mkfifo(folder / "logs" / f"{record.case.id}.pipe.log")

    with pytest.raises(OSError, match="not an ordinary file"):
        merged_folder(folder)


def test_a_name_with_stars_takes_no_other_cases_files(store_run, merged_folder, make_record):
    records = [make_record(run="one", seed=seed) for seed in range(2)]
    folder = store_run("one", *records)
    (folder / "records" / f"{records[0].case.id}.json").rename(folder / "records" / "*.json")

    target = merged_folder(folder)

    assert len(list((target / "records").iterdir())) == 2
    assert len(list((target / "samples").iterdir())) == 1


def test_no_certificate_is_carried_over_from_elsewhere(store_run, make_record, tmp_path):
    part = read_parts(store_run("one", make_record(run="one")))[0]
    (tmp_path / "private").write_text("a key")
    link = part.results / "certificates" / "lenet5" / "torch.cpu.fp32.json"
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "private")

    with pytest.raises(UsageError, match=r"fp32\.json' leads out of "):
        carry_certificates([part], tmp_path / "results")
