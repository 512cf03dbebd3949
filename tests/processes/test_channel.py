import os

import msgspec
import pytest

from benchsuite.processes import channel
from benchsuite.processes.channel import Channel, InvalidMessageError
from benchsuite.processes.messages import Began, Done, Ended


@pytest.fixture
def pipe():
    """Both ends: what the harness reads, and a function that writes."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb", 0) as sender:
        found = Channel(os.fdopen(reading, "rb", 0))
        yield found, sender
        found.close()


def line(event):
    return b"\n" + msgspec.json.encode(event) + b"\n"


def told(found):
    """Every event that is there."""
    while found.wait(0) and not found.is_closed:
        pass
    events = []
    while (event := found.event()) is not None:
        events.append(event)
    return events


def test_events_come_in_order_whatever_the_chunks(pipe):
    found, sender = pipe
    said = line(Began(7)) + line(Done())
    for byte in said[:-1]:
        sender.write(bytes([byte]))
        found.wait(0)
    assert found.event() == Began(7)
    assert found.event() is None
    sender.write(b"\n")
    assert told(found) == [Done()]


def test_nothing_said_is_nothing_heard(pipe):
    found, _ = pipe
    assert not found.wait(0)
    assert found.event() is None


def test_word_that_was_cut_short_by_death_is_left_out(pipe):
    found, sender = pipe
    sender.write(b'{"type":"Fou' + line(Ended(-9)))
    assert told(found) == [Ended(-9)]


@pytest.mark.parametrize("after", [Ended(0), Began(7)])
def test_nonsense_is_named_before_anything_else_is_believed(pipe, after):
    found, sender = pipe
    sender.write(b"INFO: hello\n" + line(after))
    with pytest.raises(InvalidMessageError, match="invalid message, 'INFO: hello'"):
        told(found)


def test_two_lines_of_nonsense_are_named_at_once(pipe):
    found, sender = pipe
    sender.write(b"one\ntwo\n")
    with pytest.raises(InvalidMessageError, match="'one'"):
        told(found)


def test_line_without_end_is_cut_short(pipe, monkeypatch):
    monkeypatch.setattr(channel, "LONGEST_BYTES", 100)
    found, sender = pipe
    sender.write(b"x" * 101)
    with pytest.raises(InvalidMessageError, match="a line of more than"):
        told(found)


@pytest.mark.parametrize("last", [b"half", b"whole\n"])
def test_exit_code_zero_excuses_no_nonsense(pipe, last):
    found, sender = pipe
    sender.write(last)
    assert told(found) == []
    assert found.end(-11) == Ended(-11)
    with pytest.raises(InvalidMessageError, match=last.decode().strip()):
        found.end(0)


def test_clearing_forgets_what_was_said(pipe):
    found, sender = pipe
    sender.write(b"half" + line(Began(7)) + b"junk")
    found.clear()
    sender.write(line(Done()))
    assert told(found) == [Done()]
