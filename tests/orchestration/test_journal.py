import msgspec
import pytest
from msgspec.structs import replace

from benchsuite.errors import UsageError
from benchsuite.orchestration.case_state import CaseState
from benchsuite.orchestration.journal import Journal
from benchsuite.records import RunStore
from benchsuite.records.series import Reading, Series, read_series

KEY = {"benchsuite": "1", "torch": "2.13"}


class Keys:
    def __init__(self, **key):
        self.key = key

    def of(self, case):
        return dict(self.key)


def one_series(number=0):
    reading = Reading(seconds=1.0, cores_used=1.0)
    return Series(
        metric="latency", batch_size=1, images=1, samples=(number,), reading=reading, round=number
    )


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path, "run-1")


@pytest.fixture
def journal(store):
    """A function that opens the run's journal anew, as another invocation does."""
    return lambda retried=(), **key: Journal(store, Keys(**(key or KEY)), retried)


@pytest.fixture
def timing_group(make_record, store, journal):
    """Two cases: one whose memory task is over, with a line of samples; one that has not begun."""
    cases = [make_record(backend=name).case for name in ("torch", "keras-jax")]
    states = journal().open(cases)
    states[0].parts.append("memory")
    states[0].series.append(one_series())
    store.append(cases[0].id, states[0].series)
    journal().save(states, states[:1])
    return cases


def test_case_goes_on_where_it_was(timing_group, journal):
    first, second = journal().open(timing_group)

    assert (first.parts, first.series, first.key) == (["memory"], [one_series()], KEY)
    assert first.goes_on
    assert not first.needs("memory")
    assert (second.parts, second.ended_record) == ([], None)


def test_case_that_ended_has_its_record(timing_group, journal, store, make_record):
    record = msgspec.structs.replace(make_record(), case=timing_group[0], key=KEY)
    store.write(record)
    first, _ = journal().open(timing_group)

    assert first.ended_record == record
    assert not first.goes_on


@pytest.mark.parametrize("status", ["skipped", "ok"])
def test_case_with_another_key_is_done_again(timing_group, journal, store, make_record, status):
    record = make_record(status=status)
    store.write(msgspec.structs.replace(record, case=timing_group[0], key=KEY))
    upgraded = journal(benchsuite="1", torch="2.14")
    first, _ = upgraded.open(timing_group)

    assert upgraded.again == {timing_group[0].id: "torch 2.13 → 2.14"}
    assert (first.parts, first.series, first.ended_record) == ([], [], None)
    assert not store.record_path(timing_group[0].id).exists()
    aside = [path.name for path in store.folder.glob(".replaced/*/*/*")]
    assert sorted(aside) == [f"{timing_group[0].id}.json", f"{timing_group[0].id}.jsonl"]


def test_failure_is_kept_unless_it_is_to_be_retried(timing_group, journal, store, make_record):
    record = make_record(status="oom", reason="full")
    store.write(msgspec.structs.replace(record, case=timing_group[0], key=KEY))

    assert journal().open(timing_group)[0].ended_record.status == "oom"
    assert journal(["failed"]).open(timing_group)[0].ended_record.status == "oom"
    again = journal(["oom"])
    assert again.open(timing_group)[0].ended_record is None
    assert again.again == {timing_group[0].id: "it had ended as oom"}


def test_samples_of_what_was_never_over_are_discarded(timing_group, journal, store):
    store.append(timing_group[0].id, [one_series(1)])
    with store.samples_path(timing_group[0].id).open("ab") as file:
        file.write(b'{"metric": "lat')
    first, _ = journal().open(timing_group)

    kept, rest = read_series(store.samples_path(timing_group[0].id))
    assert (kept.discarded, rest.discarded, rest.round) == (False, True, 1)
    assert first.series == [kept, rest]


def test_samples_are_kept_behind_those_that_were_discarded(timing_group, journal, store):
    """A round is cut short, taken again by another invocation, and a third one goes on."""
    store.append(timing_group[0].id, [one_series(1)])
    second = journal()
    states = second.open(timing_group)
    again = replace(one_series(1), samples=(7,))
    store.append(timing_group[0].id, [again])
    states[0].series.append(again)
    second.save(states, states[:1])

    first, _ = journal().open(timing_group)
    assert [one for one in first.series if not one.discarded] == [one_series(), again]


def test_case_whose_samples_are_gone_is_done_again(timing_group, journal, store):
    store.samples_path(timing_group[0].id).unlink()

    assert journal().open(timing_group)[0].parts == []


def test_others_of_a_timing_group_stay_where_they_were(timing_group, journal):
    later = journal()
    first, second = later.open(timing_group)
    first.parts.append("train")
    second.parts.append("memory")
    later.save([first, second], [second])

    assert [state.parts for state in journal().open(timing_group)] == [["memory"], ["memory"]]


def test_journal_of_something_else_is_refused(timing_group, journal, store):
    (path,) = (store.folder / "journal").iterdir()
    path.write_text("[]")

    with pytest.raises(UsageError, match="is not a benchsuite journal"):
        journal().open(timing_group)


def test_state_without_a_journal_needs_everything(make_record):
    assert CaseState(make_record().case).needs("memory")
