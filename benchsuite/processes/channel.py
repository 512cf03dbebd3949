"""The pipe by which a worker tells its events: whoever holds it may write anything."""

import os
import selectors
from typing import IO

import msgspec

from benchsuite.processes.messages import Ended, Event

#: A line that is longer is no event: the losses of twelve million steps are shorter.
LONGEST_BYTES = 256 * 2**20
_CHUNK_BYTES = 65536  # what a pipe of Linux holds, pipe(7)
_SHOWN_BYTES = 200


class InvalidMessageError(Exception):
    """What was said is no event; the text says what it was."""


class Channel:
    """The harness's end. Reads what is there, and never more than one line ahead of an event."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._selector = selectors.DefaultSelector()
        self._selector.register(pipe, selectors.EVENT_READ)
        self._unread = bytearray()
        self._searched = 0
        self._invalid = b""
        self.is_closed = False

    def wait(self, seconds: float) -> bool:
        """Whether anything was said, or the pipe closed, within so many seconds; sleeps until."""
        if not self._selector.select(seconds):
            return False
        chunk = os.read(self._pipe.fileno(), _CHUNK_BYTES)
        self.is_closed = not chunk
        self._unread += chunk
        return True

    def event(self) -> Event | None:
        """The next event that was read; None where there is none yet.

        Raises InvalidMessageError for a line that is none, or without end. A word that was cut
        short because its process was killed is left out: why it ended says more.
        """
        while (line := self._line()) is not None:
            try:
                event: Event = msgspec.json.decode(line, type=Event)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                self._refuse()
                # Refused once something follows: the last word of a killed process is cut short.
                self._invalid = line
                continue
            if not (isinstance(event, Ended) and event.returncode):
                self._refuse()
            self._invalid = b""
            return event
        if len(self._unread) > LONGEST_BYTES:
            self._invalid = bytes(self._unread[: _SHOWN_BYTES + 1])
            self._refuse(f"a line of more than {LONGEST_BYTES // 2**20} MiB: ")
        return None

    def end(self, returncode: int) -> Ended:
        """How the process ended that has closed the pipe, or is gone.

        Raises InvalidMessageError where all was well by its exit code, and its last word was no
        event.
        """
        self._invalid = self._invalid or bytes(self._unread)
        if not returncode:
            self._refuse()
        return Ended(returncode)

    def close(self) -> None:
        """Close the pipe."""
        self._selector.close()
        self._pipe.close()

    def clear(self) -> None:
        """Forget what was said, and whatever else is in the pipe: nobody speaks any more."""
        # Not without end: what the job left behind may go on writing.
        for _ in range(LONGEST_BYTES // _CHUNK_BYTES):
            if self.is_closed or not self.wait(0):
                break
        self._unread.clear()
        self._searched, self._invalid = 0, b""

    def _line(self) -> bytes | None:
        """The next one that is whole and not empty."""
        while (end := self._unread.find(b"\n", self._searched)) >= 0:
            line = bytes(self._unread[:end])
            del self._unread[: end + 1]
            self._searched = 0
            if line:
                return line
        # A long line comes in many pieces, none of which is searched twice.
        self._searched = len(self._unread)
        return None

    def _refuse(self, what: str = "") -> None:
        if self._invalid:
            shown = ascii(self._invalid[:_SHOWN_BYTES])[1:]
            more = " …" if len(self._invalid) > _SHOWN_BYTES else ""
            raise InvalidMessageError(
                f"its process sent an invalid message, {what}{shown}{more}: something in it writes "
                "to the harness's pipe"
            )
