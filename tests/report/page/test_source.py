import pytest

from benchsuite.errors import UsageError
from benchsuite.records.store import SAMPLES
from benchsuite.report.page.source import read_source


def test_source_holds_records_samples_facts_and_certificates(
    make_source, make_record, make_series, make_certificate
):
    source = make_source(
        [make_record(), make_record(backend="keras-jax")], [make_series()], [make_certificate()]
    )

    assert [entry.record.case.backend for entry in source.entries] == ["keras-jax", "torch"]
    assert [entry.of("latency")[0].total for entry in source.entries] == [2, 2]
    assert source.runs == {"run-1": {"run": "run-1", "environment": {"cpu": "Test CPU"}}}
    assert source.certificates == [make_certificate()]


def test_keys_are_unique_where_two_runs_have_the_same_case(make_source, make_record):
    source = make_source([make_record(run="a"), make_record(run="b")])

    assert len({entry.key for entry in source.entries}) == 2


def test_record_that_is_named_twice_is_one_row(store, make_record):
    folder = store([make_record()])

    assert len(read_source([folder, folder / "runs" / "run-1"]).entries) == 1


def test_record_alone_has_no_samples_and_no_facts(store, make_record):
    folder = store([make_record()]) / "runs" / "run-1"
    (folder / "run.json").unlink()
    source = read_source([folder])

    assert (source.entries[0].sampled, source.runs) == ([], {"run-1": {}})


def test_place_without_records_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no records in"):
        read_source([tmp_path])


@pytest.mark.parametrize(("file", "what"), [("samples", "samples"), ("run.json", "run")])
def test_broken_file_is_named(store, make_record, file, what):
    folder = store([record := make_record()]) / "runs" / "run-1"
    path = folder / SAMPLES / f"{record.case.id}.jsonl" if file == "samples" else folder / file
    path.write_text('{"half')

    with pytest.raises(UsageError, match=f"is not a benchsuite .*{what}"):
        read_source([folder])
