"""What a timing group decides to do next, with no process and no file."""

from contextlib import suppress

import numpy as np
import pytest
from msgspec.structs import replace

from benchsuite.measure import protocol
from benchsuite.orchestration.case_state import CaseState
from benchsuite.orchestration.steps import CaseBegins, RoundBegins, Settle, Step
from benchsuite.orchestration.timing_group import steps_of_group


@pytest.fixture
def states(make_record, monkeypatch):
    """Two cases of one group, of a protocol with one round and energy."""
    used = replace(protocol.SMOKE, name="test", energy_windows=2)
    monkeypatch.setitem(protocol.PROTOCOLS, "test", used)
    return [CaseState(make_record(backend=b, protocol="test").case) for b in ("a", "b")]


def told(steps, act=lambda step: None):
    """The steps and notices of a generator, in short; `act` stands for the processes."""
    found = []
    with suppress(StopIteration):
        directive = next(steps)
        while True:
            match directive:
                case Step(state, task):
                    found.append((task.name, state.case.backend))
                    act(directive)
                case Settle(states):
                    found.append(("settled", *(state.case.backend for state in states)))
                case CaseBegins(state, place):
                    found.append(("begins", state.case.backend, place))
                case RoundBegins(number, most):
                    found.append(("round", number, most))
            directive = steps.send(False)
    return found


def test_cases_are_trained_one_by_one_and_timed_in_turns(states):
    found = told(steps_of_group(states, 100.0, ["cpu"]))

    order = [entry[1] for entry in found if entry[0] == "time"]
    assert sorted(order) == ["a", "b"]
    assert found == [
        *(("begins", "a", 0), ("memory", "a"), ("settled", "a"), ("train", "a"), ("settled", "a")),
        *(("begins", "b", 1), ("memory", "b"), ("settled", "b"), ("train", "b"), ("settled", "b")),
        *(("round", 0, 1), *(("time", backend) for backend in order), ("settled", "a", "b")),
        ("settled", "a", "b"),  # all rounds
        *(("energy", "a"), ("settled", "a"), ("energy", "b"), ("settled", "b")),
    ]


def test_nothing_that_is_over_is_done_again(states):
    states[0].parts += ["memory", "train"]
    states[1].parts += ["memory", "train", "rounds"]

    found = told(steps_of_group(states, 100.0, ["cpu"]))

    assert [entry for entry in found if entry[0] in ("memory", "train")] == []
    assert ("energy", "b") in found


def test_case_that_has_ended_is_left_alone(states, make_record):
    states[0].ended_record = make_record(backend="a", protocol="test")

    found = told(steps_of_group(states, 100.0, ["cpu"]))

    assert {entry[1] for entry in found if entry[0] in ("memory", "train", "time")} == {"b"}
    assert ("begins", "b", 1) in found


def test_case_that_fails_does_nothing_more(states):
    def fail(step):
        if (step.task.name, step.state.case.backend) == ("memory", "a"):
            step.state.fail("exit", "memory: its process ended with exit code 7")

    found = told(steps_of_group(states, 100.0, ["cpu"]), fail)

    assert [entry for entry in found if entry[-1] == "a"] == [
        *(("memory", "a"), ("settled", "a")),
    ]
    assert ("time", "b") in found


def test_networks_that_answer_otherwise_are_not_timed(states, make_record):
    states.append(CaseState(make_record(backend="c", protocol="test").case))
    logits = np.random.default_rng(0).normal(size=(8, 10))

    def answer(step):
        if step.task.name == "memory":
            step.state.logits = logits + (step.state.case.backend == "c")

    found = told(steps_of_group(states, 100.0), answer)

    assert [state.cause for state in states] == ["", "", "mismatch"]
    assert states[2].reasons[0].startswith("not the same network as its other backends': ")
    assert {entry[1] for entry in found if entry[0] == "time"} == {"a", "b"}


@pytest.mark.parametrize("counters", [[], ["cuda:0"]])
def test_energy_is_for_devices_that_count_it(states, counters):
    found = told(steps_of_group(states, 100.0, counters))

    assert [entry for entry in found if entry[0] == "energy"] == []


def test_energy_is_left_out_where_the_budget_is_spent(states):
    now = [0.0]

    def late(step):
        now[0] += 60.0 * (step.task.name == "time")

    steps = steps_of_group(states, 100.0, ["cpu"], clock=lambda: now[0])

    assert [entry for entry in told(steps, late) if entry[0] == "energy"] == []
