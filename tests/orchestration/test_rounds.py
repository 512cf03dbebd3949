import random
from collections import Counter
from contextlib import suppress
from inspect import signature

import pytest
from msgspec.structs import replace

from benchsuite.measure import protocol
from benchsuite.orchestration.case_state import CaseState
from benchsuite.orchestration.steps import RoundBegins, Settle, Step
from benchsuite.orchestration.timing_group import rounds
from benchsuite.records.series import Reading, Series

READING = Reading(seconds=1.0, cores_used=2.0)


class Machine:
    """Stands for the processes: what each samples is a function of its case and round."""

    def __init__(self, sampled, seconds=1.0):
        self.sampled = sampled
        self.seconds = seconds
        self.now = 0.0
        self.done = []
        self.kept = []
        self.begun = []
        self.settled = []

    def clock(self):
        return self.now

    def drive(self, steps):
        """Carry out what is decided, with nothing started and nothing written."""
        answer = None
        with suppress(StopIteration):
            while True:
                directive = steps.send(answer)
                answer = self.carry_out(directive)

    def carry_out(self, directive):
        match directive:
            case Step():
                return self.do(directive)
            case Settle(states):
                self.settled.append([state.case.backend for state in states])
            case RoundBegins(number, most):
                self.begun.append((number, most))
        return False

    def do(self, step):
        state, task = step.state, step.task.name
        self.now += self.seconds
        self.done.append((state.case.backend, task, step.batch_sizes))
        times = sum(done[:2] == (state.case.backend, task) for done in self.done) - 1
        sampled = self.sampled(state, task, times)
        again = step.is_to_be_repeated(sampled)
        stamped = step.stamped(sampled, "now", discarded=again)
        self.kept += stamped
        state.series += stamped
        return again


def series(metric="latency", samples=(1_000_000,) * 700, batch_size=1, flags=()):
    return Series(
        metric=metric,
        batch_size=batch_size,
        images=batch_size,
        samples=samples,
        warmups=samples[:1],
        reading=READING,
        flags=flags,
    )


@pytest.fixture
def run(make_record, monkeypatch):
    def run(machine, backends, name="full", before=None, *, backoff=False, **changes):
        used = replace(protocol.NAMED[name], name="test", **changes)
        monkeypatch.setitem(protocol.PROTOCOLS, "test", used)
        states = [CaseState(make_record(backend=b, protocol="test").case) for b in backends]
        if before:
            before(states)
        chance = random.Random(0)
        machine.drive(rounds(states, batch_backoff=backoff, clock=machine.clock, chance=chance))
        return states, machine.begun

    return run


def steady(state, task, times):
    return [series()]


def test_rounds_end_at_the_first_rung_that_is_precise(run):
    _, begun = run(Machine(steady), ["a"])

    assert begun == [(number, 20) for number in range(6)]


def test_rounds_of_several_cases_are_enough_for_all_their_verdicts(run):
    _, begun = run(Machine(steady), ["a", "b"])

    assert len(begun) == 9


def test_order_of_rounds_is_another_one_in_every_run():
    """One that repeats would favour the same case each time: nothing may know the next."""
    chance = signature(rounds).parameters["chance"].default

    with pytest.raises(NotImplementedError):
        chance.getstate()


def test_rounds_go_on_while_an_interval_is_wide(run):
    def wild(state, task, times):
        return [series(samples=(1_000_000 + 100_000 * (times % 5),) * 700)]

    _, begun = run(Machine(wild), ["a"])

    assert len(begun) == 20


def test_rounds_end_with_the_budget_of_all_cases_together(run):
    def wild(state, task, times):
        return [series(samples=(1_000_000 + 100_000 * (times % 5),) * 700)]

    _, begun = run(Machine(wild, seconds=30.0), ["a", "b"], budget_s=100.0)

    # sweeps of 60 s, then rounds of 60 s: a third would pass 200 s
    assert len(begun) == 2


def test_every_round_holds_every_case_once_in_an_order_of_its_own(run):
    machine = Machine(steady)
    run(machine, ["a", "b", "c"])

    timed = [backend for backend, task, _ in machine.done if task == "time"]
    orders = [tuple(timed[at : at + 3]) for at in range(0, len(timed), 3)]
    assert all(sorted(order) == ["a", "b", "c"] for order in orders)
    assert len(set(orders)) > 2


@pytest.mark.parametrize("flag", ["contaminated", "throttled"])
def test_disturbed_process_is_repeated_and_kept_as_discarded(run, flag):
    def disturbed(state, task, times):
        return [series(flags=(flag,) if times in (1, 2) else ())]

    machine = Machine(disturbed)
    _, begun = run(machine, ["a"], thorough=False)

    assert len(begun) == 6
    assert [(s.round, s.attempt, s.discarded) for s in machine.kept[:5]] == [
        *((0, 0, False), (1, 0, True), (1, 1, True), (1, 2, False), (2, 0, False)),
    ]


def test_contaminated_process_is_kept_with_its_flag_in_the_end(run):
    machine = Machine(lambda *_: [series(flags=("contaminated",))])
    run(machine, ["a"], thorough=False, rounds=(1,))

    assert [s.discarded for s in machine.kept] == [True, True, True, False]


def test_case_that_fails_leaves_the_rounds_to_the_others(run):
    def failing(state, task, times):
        if state.case.backend == "b" and times == 1:
            state.fail("exception", "no luck")
        return [series()]

    machine = Machine(failing)
    run(machine, ["a", "b"], thorough=False)

    assert Counter(backend for backend, *_ in machine.done) == {"a": 6, "b": 2}


def test_best_batch_of_the_sweep_is_measured_in_every_round(run):
    def curve(state, task, times):
        if task == "time":
            return [series()]
        took = {1: 10, 2: 11, 4: 12, 8: 23.9, 16: 60}
        return [series("batch_sweep", (round(ms * 1e6),), size) for size, ms in took.items()]

    machine = Machine(curve)
    run(machine, ["a"])

    assert {sizes for _, task, sizes in machine.done if task == "time"} == {(1, 4, 64)}


def test_sweep_that_was_cut_short_is_no_part_of_the_curve(run):
    def before(states):
        fast = series("batch_sweep", (1_000,), 32)
        states[0].series.append(replace(fast, discarded=True))

    machine = Machine(lambda _, task, times: _curve(1, 2) if task == "sweep" else [series()])
    run(machine, ["a"], before=before)

    assert {sizes for _, task, sizes in machine.done if task == "time"} == {(1, 64)}


def test_tour_measures_one_batch_and_sweeps_nothing(run):
    machine = Machine(steady)
    run(machine, ["a"], "tour")

    assert machine.done == [("a", "time", (64,))]


def timed(*rounds):
    return [replace(series(), round=number, started="earlier") for number in rounds]


def test_rounds_go_on_where_they_were(run):
    def before(states):
        for state in states:
            state.series += timed(0, 1, 2, 3)

    machine = Machine(steady)
    _, begun = run(machine, ["a"], before=before, thorough=False)

    assert begun == [(4, 20), (5, 20)]
    assert [one.round for one in machine.kept] == [4, 5]
    assert machine.settled == [["a"], ["a"]]


def test_rounds_that_are_enough_are_not_gone_on_with(run):
    def before(states):
        states[0].series += timed(*range(6))

    machine = Machine(steady)
    run(machine, ["a"], before=before, thorough=False)

    assert machine.done == []


def test_rounds_beside_a_case_of_an_earlier_invocation_make_no_pairs_with_its(run, make_record):
    def before(states):
        latency = tuple(0.001 + number / 1e6 for number in range(6))
        states[0].ended_record = make_record(protocol="full-1", samples={"latency": latency})

    machine = Machine(steady)
    run(machine, ["a", "b"], before=before, thorough=False)

    assert [one.round for one in machine.kept] == [6, 7, 8, 9, 10, 11]
    assert {backend for backend, *_ in machine.done} == {"b"}


def test_case_that_fails_is_settled_at_once_and_the_rest_after_the_round(run):
    def failing(state, task, times):
        if state.case.backend == "b":
            state.fail("exception", "no luck")
        return [series()]

    machine = Machine(failing)
    run(machine, ["a", "b"], thorough=False, rounds=(1,))

    assert machine.settled == [["b"], ["a"]]


def _curve(*sizes):
    return [series("batch_sweep", (size * 10_000_000,), size) for size in sizes]


def test_sweep_that_memory_ends_is_a_curve(run):
    def full(state, task, times):
        if task != "sweep":
            return [series()]
        state.fail("out_of_memory", "sweep: batch sweep at batch 8: killed")
        return _curve(1, 2, 4)

    machine = Machine(full)
    (state,), _ = run(machine, ["a"])

    assert (state.status, state.reasons) == ("ok", [])
    assert {sizes for _, task, sizes in machine.done if task == "time"} == {(1, 64)}


@pytest.mark.parametrize(
    ("cause", "sizes"), [("out_of_memory", ()), ("exception", (1, 2)), ("timeout", (1,))]
)
def test_sweep_that_ends_otherwise_ends_its_case(run, cause, sizes):
    def ends(state, task, times):
        state.fail(cause, "so it is")
        return _curve(*sizes)

    machine = Machine(ends)
    (state,), _ = run(machine, ["a"])

    assert (state.cause, state.reasons) == (cause, ["so it is"])
    assert [task for _, task, _ in machine.done] == ["sweep"]


def test_batches_that_were_backed_off_are_timed_in_place_of_the_cases(run):
    def full(state, task, times):
        if task == "fit_inference" and state.backed_off.inference > 24:
            state.fail("out_of_memory", "too large")
        if task == "fit_training" and state.backed_off.training > 3:
            state.fail("out_of_memory", "too large")
        return [series()] if task == "time" else []

    machine = Machine(full)
    (state,), _ = run(machine, ["a"], "tour", backoff=True)

    assert (state.status, state.reasons) == ("ok", [])
    assert (state.backed_off.inference, state.backed_off.training) == (24, 3)
    assert machine.done[-1] == ("a", "time", (24,))


@pytest.mark.parametrize("cause", ["exception", "timeout"])
def test_trial_that_fails_otherwise_ends_its_case(run, cause):
    machine = Machine(lambda state, task, times: state.fail(cause, "no luck") or [])
    (state,), _ = run(machine, ["a"], "tour", backoff=True)

    assert (state.cause, state.reasons) == (cause, ["no luck"])
    assert [task for _, task, _ in machine.done] == ["fit_inference"]


def test_what_a_trial_finds_unsupported_does_not_end_its_case(run):
    def unsupported(state, task, times):
        if task == "fit_training":
            state.fail("unsupported", "no training")
        return [series()] if task == "time" else []

    machine = Machine(unsupported)
    (state,), _ = run(machine, ["a"], "tour", backoff=True)

    assert (state.cause, state.reasons) == ("unsupported", ["no training"])
    assert machine.done[-1] == ("a", "time", (64,))
