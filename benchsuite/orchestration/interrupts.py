"""How a run is stopped: once, and it writes what it has; twice, and it stops at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Ctrl-C, and a batch system's notice.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StoppedError(KeyboardInterrupt):
    """Stop now: the second signal."""


class Interrupts:
    """Turns signals into exceptions while a run waits for a worker: what it writes is whole."""

    def __init__(self) -> None:
        self._asked = 0
        self._is_allowed = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Take the signals over; elsewhere than in the main thread, nothing is done."""
        # Python lets the main thread alone handle signals.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._ask) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Raise KeyboardInterrupt for a signal that has come, or comes meanwhile."""
        self._is_allowed = True
        try:
            if self._asked:
                raise KeyboardInterrupt
            yield
        finally:
            self._is_allowed = False

    def _ask(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - signal's signature
        self._asked += 1
        if self._asked > 1:
            raise StoppedError
        if self._is_allowed:
            raise KeyboardInterrupt
