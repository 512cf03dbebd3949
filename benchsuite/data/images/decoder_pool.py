"""Worker processes that decode images, and nothing else.

They are plain interpreters behind pipes, not multiprocessing's: those import the main module
again, and with it a framework, and outlive the harness's workers, which end by `os._exit`.
"""

from __future__ import annotations

import atexit
import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from queue import LifoQueue
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from benchsuite.errors import BenchsuiteError
from benchsuite.processes.interpreter import Interpreter
from benchsuite.processes.process_tree import MARK

T = TypeVar("T")
R = TypeVar("R")

#: Each takes some 50 MB of memory.
_MOST = 16
_FEW_IMAGES, _FEW_BYTES = 2000, 16 << 20
#: A decoder computes nothing in threads: NumPy is to make none.
_ALONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def decoder_count() -> int:
    """One for each CPU that this process may use, as far as memory matters."""
    usable = getattr(os, "sched_getaffinity", None)
    return min(_MOST, len(usable(0)) if usable else os.cpu_count() or 1)


def few(spans: NDArray[np.int64]) -> bool:
    """Whether one process decodes these images sooner than many start; spans: (N, 2)."""
    return len(spans) < _FEW_IMAGES and int(spans[:, 1].sum()) < _FEW_BYTES


def shared_decoders() -> Decoders:
    """The ones that serve this process to its end."""
    return _decoders_of(os.getpid())


@cache
def _decoders_of(_: int) -> Decoders:
    """By process: a forked one must not write into its parent's pipes."""
    decoders = Decoders(decoder_count())
    atexit.register(decoders.close)
    return decoders


class Decoders:
    """So many processes, each started when there is nobody else to ask; threads may share them.

    Of one, this very process does the work. To be closed.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        # Last in, first out: a process that runs is asked again before one more is started.
        self._idle: LifoQueue[_Decoder | None] = LifoQueue()
        for _ in range(count):
            self._idle.put(None)
        self._threads = ThreadPoolExecutor(count)

    @classmethod
    def worth(cls, spans: NDArray[np.int64]) -> Decoders:
        """As many as encoded images are worth; spans: (N, 2), as EncodedImages has them."""
        return cls(1 if few(spans) else decoder_count())

    def map(self, function: Callable[[T], R], arguments: Iterable[T]) -> Iterator[R]:
        """Results in the order of the arguments, however many processes there are.

        function: found by its module and name. Its errors are raised here; where a process
        dies, BenchsuiteError.
        """
        if self.count == 1:
            return map(function, arguments)
        return self._threads.map(partial(self._ask, function), arguments)

    def close(self) -> None:
        """End the processes, each after what it is at."""
        self._threads.shutdown(cancel_futures=True)
        while not self._idle.empty():
            decoder = self._idle.get_nowait()
            if decoder is not None:
                decoder.close()

    def _ask(self, function: Callable[[T], R], argument: T) -> R:
        decoder = self._idle.get()
        try:
            decoder = decoder or _Decoder()
            result, error = decoder.ask(function, argument)
        except BaseException:
            if decoder is not None:
                decoder.close()  # half a question may be in its pipe
            self._idle.put(None)
            raise
        self._idle.put(decoder)
        if error is not None:
            raise error
        return cast("R", result)


class _Decoder:
    """One process."""

    def __init__(self) -> None:
        # In a worker, it is of the worker's process tree.
        self._process = Interpreter(
            "benchsuite.data.images.decoder_process",
            environment={**os.environ, **_ALONE},
            mark=os.environ.get(MARK, ""),
        )

    def ask(self, function: Callable[[Any], Any], argument: Any) -> tuple[Any, Exception | None]:  # noqa: ANN401 - whatever the function takes
        """What it yields, or what it raises. Raises BenchsuiteError where the process dies."""
        questions, answers = self._process.input, self._process.output
        try:
            pickle.dump((function, argument), questions, pickle.HIGHEST_PROTOCOL)
            questions.flush()
            answer: tuple[Any, Exception | None] = pickle.load(answers)  # noqa: S301 - from our own child
        except (EOFError, pickle.UnpicklingError, BrokenPipeError) as error:
            self.close()
            code = self._process.wait()
            raise BenchsuiteError(
                f"a process that decodes images ended with exit code {code}: there may be too "
                "little memory, or an image that its decoder dies of"
            ) from error
        return answer

    def close(self) -> None:
        """End it."""
        self._process.end()
