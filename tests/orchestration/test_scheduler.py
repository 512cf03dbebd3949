"""Steps are carried out: what processes find is kept, whatever comes."""

from types import SimpleNamespace

import pytest

from benchsuite.errors import StorageError
from benchsuite.orchestration.case_state import CaseState
from benchsuite.orchestration.scheduler import RunContext, Scheduler
from benchsuite.orchestration.steps import CaseBegins, RoundBegins, Settle, Step, Turn
from benchsuite.processes.launcher import WorkerTimeoutError
from benchsuite.processes.messages import (
    Answered,
    Began,
    Ended,
    Failed,
    Found,
    SeriesFound,
    Unwritable,
)
from benchsuite.processes.tasks import ENERGY, MEMORY, TIME
from benchsuite.records import Findings, RunStore, read_record
from benchsuite.records.series import Reading, Series, read_series

TURN = Turn(3, 0, 1)


def series(**changes):
    reading = Reading(seconds=1.0, cores_used=1.0)
    fields = {"metric": "latency", "batch_size": 1, "images": 1, "samples": (1,), **changes}
    return Series(reading=reading, **fields)


class Fake:
    """A launcher whose processes say what they are told to; an exception among it is raised."""

    def __init__(self, *said):
        self.said = said
        self.asked = []
        self.host = SimpleNamespace()

    def run(self, backend, job, **options):
        self.asked.append((backend, job, options))
        for one in self.said:
            if isinstance(one, BaseException):
                raise one
            yield one

    def close(self):
        pass


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path, "run-1")


@pytest.fixture
def state(make_record):
    return CaseState(make_record(backend="numpy", protocol="smoke-2").case)


@pytest.fixture
def carry_out(store, state, watch):
    """Carry out directives with a launcher; what was answered to each."""

    def run(launcher, *directives, **context):
        answers = []

        def steps():
            for directive in directives:
                answer = yield directive
                answers.append(answer)

        context = {"timeout_s": 100.0, **context}
        Scheduler([state], RunContext(launcher, store, **context), watch, 5, 9).run(steps())
        return answers

    return run


def test_what_a_process_finds_is_in_the_state(carry_out, state):
    findings = Findings(device_name="a CPU")
    said = (Began(7), Found(findings), Answered([[1.0, 2.0]]), Ended(0))

    assert carry_out(Fake(*said), Step(state, MEMORY)) == [False]

    assert (state.cause, state.reasons) == ("", [])
    assert state.findings[-1] == findings
    assert state.logits.tolist() == [[1.0, 2.0]]
    assert [phase.name for phase in state.findings[0].phases] == ["start"]
    assert 0 < state.spent_s < 100


def test_job_says_how_its_task_is_done(carry_out, state):
    launcher = Fake(Ended(0))
    state.spent_s = 40.0
    carry_out(launcher, Step(state, MEMORY), Step(state, TIME, (1, 64), TURN))

    (_, first, stock), (backend, second, tuned) = launcher.asked
    assert (backend, second.task, second.inference_batch_sizes) == ("numpy", "time", (1, 64))
    assert first.log.endswith(".memory.log")
    assert not stock["tuned"]
    assert tuned["tuned"]
    assert 59 < stock["left_s"] <= 60


def test_samples_are_kept_with_the_turn_that_they_are_of(carry_out, state, store):
    carry_out(Fake(SeriesFound(series()), Ended(0)), Step(state, TIME, (64,), TURN))

    (kept,) = read_series(store.samples_path(state.case.id))
    assert state.series == [kept]
    assert (kept.round, kept.attempt, kept.place, kept.discarded) == (3, 0, 1, False)
    assert kept.started


@pytest.mark.parametrize(
    ("task", "tries_left", "flag", "again"),
    [
        (TIME, 2, "throttled", True),
        (TIME, 2, "under_parallel", False),
        (TIME, 0, "throttled", False),
        (ENERGY, 2, "throttled", False),
    ],
)
def test_disturbed_process_is_to_be_repeated(carry_out, state, task, tries_left, flag, again):  # noqa: PLR0917 - fixtures
    step = Step(state, task, (), TURN, tries_left)

    assert carry_out(Fake(SeriesFound(series(flags=(flag,))), Ended(0)), step) == [again]
    assert [one.discarded for one in state.series] == [again]


def test_process_that_fails_is_not_repeated(carry_out, state):
    said = (SeriesFound(series(flags=("throttled",))), Ended(-11))

    assert carry_out(Fake(*said), Step(state, TIME, (), TURN, 2)) == [False]
    assert (state.cause, state.reasons) == ("killed", ["time: its process was killed by SIGSEGV"])


@pytest.mark.parametrize("task", [TIME, ENERGY])
def test_what_an_interrupted_process_has_sampled_is_kept(carry_out, state, store, task):
    with pytest.raises(KeyboardInterrupt):
        carry_out(Fake(SeriesFound(series()), KeyboardInterrupt()), Step(state, task, (), TURN, 2))

    (kept,) = read_series(store.samples_path(state.case.id))
    assert not kept.discarded
    assert state.series == [kept]


def test_process_that_says_why_it_ends_is_not_said_to_have_ended(carry_out, state):
    carry_out(Fake(Failed("exception", "ValueError: no"), Ended(1)), Step(state, MEMORY))

    assert (state.cause, state.reasons) == ("exception", ["memory: ValueError: no"])


def test_late_process_is_a_timeout(carry_out, state):
    carry_out(Fake(Began(1), WorkerTimeoutError()), Step(state, MEMORY))

    assert (state.cause, state.status) == ("timeout", "timeout")
    assert state.reasons == ["memory: not done within 100 s (--timeout)"]


def test_file_that_cannot_be_written_ends_the_run(carry_out, state):
    with pytest.raises(StorageError, match="no space"):
        carry_out(Fake(Unwritable("no space")), Step(state, MEMORY))
    assert state.cause == ""


def test_settled_state_is_a_record_of_what_is_there(carry_out, state, store):
    carry_out(Fake(), Settle([state]))

    record = read_record(store.record_path(state.case.id))
    assert (record.status, record.cause) == ("skipped", "cut_short")


def test_observer_is_told_of_cases_tasks_and_rounds(carry_out, state, watch):
    step = Step(state, MEMORY)
    carry_out(Fake(Ended(0)), CaseBegins(state, 2), step, RoundBegins(1, 6))

    assert watch.told == [("case", "numpy", 7, 9), ("task", "numpy", "memory"), ("round", 1, 6)]
