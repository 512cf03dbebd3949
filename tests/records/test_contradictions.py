"""A record that contradicts itself is shown as inconsistent, and takes part in nothing."""

import json

import msgspec
import pytest

from benchsuite.records import read_records
from benchsuite.records.contradictions import as_it_holds, contradictions

changed = msgspec.structs.replace


def of_size(record, **fields):
    findings = changed(record.findings, size=changed(record.findings.size, **fields))
    return changed(record, findings=findings)


def of_figure(record, **fields):
    first, *others = record.findings.measurements
    measurements = (changed(first, **fields), *others)
    return changed(record, findings=changed(record.findings, measurements=measurements))


def of_training(record, **fields):
    training = changed(record.findings.training, **fields)
    return changed(record, findings=changed(record.findings, training=training))


def with_ledger(record, **ledger):
    return changed(record, findings=changed(record.findings, ledger=ledger))


EDITS = {
    "status": (lambda r: changed(r, reason="no luck"), "ok, and why it is not: no luck"),
    "cause": (lambda r: changed(r, cause="timeout"), "ok, and why it is not: timeout"),
    "FLOPs": (lambda r: of_size(r, flops=r.findings.size.flops + 1), "which are twice as many"),
    "parameters": (lambda r: of_size(r, native_parameters=1), "of the backend's network"),
    "MACs": (
        lambda r: of_size(r, macs=7, flops=14, native_macs=8),
        "7 MACs of the graph, and 8 of the backend's network",
    ),
    "interval": (
        lambda r: of_figure(r, values=(2.0,), rounds=(), value=2.0, low=1.0, high=1.5),
        "2, outside its own interval 1 to 1.5",
    ),
    "rounds": (
        lambda r: of_figure(r, values=(2.0, 3.0), rounds=(0,), value=2.0),
        "2 values of",
    ),
    "negative": (
        lambda r: of_figure(
            r, unit="s", values=(-1.0,), rounds=(), value=-1.0, low=None, high=None
        ),
        "-1 s",
    ),
    "accuracy": (
        lambda r: of_training(r, test={"top1_fraction": 7.0}),
        "test top1_fraction 7, which is a share",
    ),
    "losses": (lambda r: of_training(r, step_losses=(1.0,) * 999), "and 999 losses of steps"),
    "threads": (
        lambda r: with_ledger(r, **{"time.OMP_NUM_THREADS": "64"}),
        "time.OMP_NUM_THREADS 64",
    ),
}


@pytest.fixture
def record(make_record):
    found = make_record()
    case = found.case
    own = {"time.OMP_NUM_THREADS": str(case.threads), "train.OMP_NUM_THREADS": "unset"}
    return with_ledger(found, **own)


def test_a_record_as_it_was_written_contradicts_nothing(record):
    assert list(contradictions(record)) == []
    assert as_it_holds(record) is record


@pytest.mark.parametrize(("edit", "said"), EDITS.values(), ids=EDITS)
def test_an_edited_record_says_what_cannot_be(record, edit, said):
    found = as_it_holds(edit(record))
    assert (found.status, found.cause) == ("inconsistent", "contradiction")
    assert found.reason.startswith("the record says ")
    assert said in found.reason


def test_a_record_that_ended_badly_claims_nothing(record):
    failed = changed(EDITS["FLOPs"][0](record), status="failed", cause="exit", reason="no luck")
    assert as_it_holds(failed) is failed


def test_views_read_records_as_they_hold(record, tmp_path):
    folder = tmp_path / "runs" / "one" / "records"
    folder.mkdir(parents=True)
    edited = json.loads(msgspec.json.encode(record))
    edited["findings"]["size"]["flops"] += 2
    (folder / "edited.json").write_text(json.dumps(edited))
    (found,) = read_records([tmp_path])
    assert found.status == "inconsistent"
