import signal

import pytest

from benchsuite.orchestration.interrupts import Interrupts, StoppedError


@pytest.fixture
def interrupts():
    made = Interrupts()
    with made.watching():
        yield made


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_what_it_may_end(interrupts, number):
    with pytest.raises(KeyboardInterrupt), interrupts.allowed():
        signal.raise_signal(number)


def test_signal_waits_until_results_are_written(interrupts):
    signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), interrupts.allowed():
        pytest.fail("this was to be interrupted before it began")


def test_second_signal_stops_at_once(interrupts):
    signal.raise_signal(signal.SIGTERM)

    with pytest.raises(StoppedError):
        signal.raise_signal(signal.SIGINT)


def test_handlers_are_given_back():
    before = signal.getsignal(signal.SIGTERM)
    with Interrupts().watching():
        assert signal.getsignal(signal.SIGTERM) != before

    assert signal.getsignal(signal.SIGTERM) == before
