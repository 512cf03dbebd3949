"""Batches made ahead, beside what uses them."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Queue
from threading import Event, Thread
from time import perf_counter
from typing import Generic, TypeVar

T = TypeVar("T")

#: Made ahead of the one in use.
_AHEAD = 4


class Prefetched(Generic[T]):
    """Iterates over what a thread makes ahead; `waited_s` is how long its user had to wait.

    An error of the thread's is raised where its item would have come. To be closed: the thread
    may have made items that nobody takes.
    """

    def __init__(self, items: Iterator[T]) -> None:
        self.waited_s = 0.0
        self._queue: Queue[tuple[T, None] | tuple[None, BaseException | None]] = Queue(_AHEAD)
        self._stopped = Event()
        self._thread = Thread(target=self._make, args=(items,), daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        while True:
            start = perf_counter()
            item, error = self._queue.get()
            self.waited_s += perf_counter() - start
            if item is None:
                if error is not None:
                    raise error
                return
            yield item

    def close(self) -> None:
        """End the thread."""
        self._stopped.set()
        while self._thread.is_alive():
            while not self._queue.empty():
                self._queue.get_nowait()
            self._thread.join(0.01)

    def _make(self, items: Iterator[T]) -> None:
        error: BaseException | None = None
        try:
            for item in items:
                self._queue.put((item, None))
                if self._stopped.is_set():
                    return
        except BaseException as caught:  # noqa: BLE001 - raised again in the other thread
            error = caught
        self._queue.put((None, error))
