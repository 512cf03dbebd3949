import pytest

from benchsuite.measure.machine import gate
from benchsuite.measure.machine.gate import is_quiet, wait_for_quiet
from benchsuite.records.series import Reading


class Watched:
    """A watch whose readings are known in advance."""

    def __init__(self, seconds, foreign):
        self.found = Reading(seconds=seconds, cores_used=1.0, foreign_fraction=foreign)

    def reading(self):
        return self.found


@pytest.fixture
def wait(monkeypatch):
    def wait(before, windows, longest_s=120.0):
        readings = iter(windows)
        monkeypatch.setattr(gate, "watched", lambda s: Watched(s, next(readings)).reading())
        return wait_for_quiet(before, longest_s)

    return wait


def test_gate_waits_for_nothing_where_it_was_quiet_while_getting_ready(wait):
    assert wait(Watched(3.0, 0.01), []) == 0.0


@pytest.mark.parametrize("before", [Watched(3.0, 0.2), Watched(0.5, 0.0)])
def test_gate_wants_two_quiet_windows_in_a_row(wait, before):
    assert wait(before, [0.0, 0.3, 0.01, 0.02]) == pytest.approx(4 * 0.7)


def test_gate_goes_on_after_its_longest_wait(wait):
    assert wait(Watched(3.0, 0.5), [0.5] * 100, longest_s=7.0) == pytest.approx(7.0)


def test_gate_takes_a_machine_that_does_not_tell_for_quiet():
    assert is_quiet(Reading(seconds=1.0, cores_used=1.0))
    assert not is_quiet(Reading(seconds=1.0, cores_used=1.0, foreign_fraction=0.04))
