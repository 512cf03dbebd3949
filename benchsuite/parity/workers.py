"""The processes of a verification: the reference's, and one for each backend."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Lock, Timer

import msgspec
import psutil

from benchsuite.hooks import Plugins, Target
from benchsuite.measure.machine.facts import usable_cpus
from benchsuite.parity.worker import REFERENCE, Answer, Question
from benchsuite.processes.interpreter import Interpreter, Interpreters
from benchsuite.processes.settings import worker_environment

_MODULE = "benchsuite.parity.worker"
#: A worker that has grown beyond this gives its memory back by being replaced.
_LARGEST_WORKER_BYTES = 2 * 1024**3
#: Its matrix products are small: a second thread waits for the first in a busy loop.
_REFERENCE = Target("", "the NumPy reference", environment={"OPENBLAS_NUM_THREADS": "1"})


class Workers:
    """Begun when first asked; each is asked one question at a time. Threads may share this."""

    def __init__(
        self, plugins: Plugins, threads: int, timeout_s: float, memory_limit_bytes: int | None
    ) -> None:
        self._plugins = plugins
        self._threads = threads
        self._timeout_s = timeout_s
        self._interpreters = Interpreters(memory_limit_bytes=memory_limit_bytes)
        # A process ends with the thread that started it: threads that ask come and go.
        self._starter = ThreadPoolExecutor(1)
        self._processes: dict[str, Interpreter] = {}
        self._cpus: dict[str, tuple[int, ...]] = {}
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        self._changes = Lock()
        self._closed = False

    def close(self) -> None:
        """Kill every process; threads that wait for an answer, and ask again, have failed."""
        with self._changes:
            self._closed = True
            self._log.close()
        for name in list(self._processes):
            self._end(name)
        self._starter.shutdown()
        self._interpreters.close()

    def ask(self, name: str, question: Question) -> Answer:
        """Put a question, and wait for the answer; a process that dies has failed."""
        process = self._process(name)
        if process is None:
            return Answer(status="failed", reason="the verification was stopped")
        asked = msgspec.structs.replace(question, cpus=self._cpus_of(name))
        with _killed_after(process, self._timeout_s) as late:
            line = _exchange(process, msgspec.json.encode(asked) + b"\n")
        if not line:
            code = process.wait()
            self._end(name)  # and what it has left behind
            how = f"its process ended with exit code {code}"
            if late.is_set():
                how = f"not done within {self._timeout_s:g} s (--timeout)"
            return Answer(status="failed", reason=how)
        return msgspec.json.decode(line, type=Answer)

    def done_with(self, name: str) -> None:
        """End a worker that has grown: the next subject gets a new one."""
        process = self._processes.get(name)
        if process and _resident_bytes(process) > _LARGEST_WORKER_BYTES:
            self._end(name)

    def _cpus_of(self, name: str) -> tuple[int, ...]:
        """As many CPUs as threads, the next ones for each backend; all for the reference.

        JAX knows no other limit on its threads than the CPUs that its process may use.
        """
        usable = usable_cpus()
        if name == REFERENCE:
            return tuple(usable)
        with self._changes:
            if name not in self._cpus:
                first = len(self._cpus) * self._threads
                taken = range(first, first + min(self._threads, len(usable)))
                self._cpus[name] = tuple(usable[index % len(usable)] for index in taken)
            return self._cpus[name]

    def _process(self, name: str) -> Interpreter | None:
        with self._changes:
            if self._closed:
                return None
            if name not in self._processes:
                self._processes[name] = self._starter.submit(self._start, name).result()
            return self._processes[name]

    def _start(self, name: str) -> Interpreter:
        target = _REFERENCE if name == REFERENCE else self._plugins.backends[name].target
        # Page faults would take half the time of networks with a hundred million weights.
        variables = worker_environment(target, self._threads, tuned=True)
        arguments = [name, *self._plugins.unpackaged]
        return self._interpreters.start(_MODULE, arguments, variables, self._log)

    def _end(self, name: str) -> None:
        with self._changes:
            process = self._processes.pop(name, None)
        if process:
            process.kill()


def _resident_bytes(process: Interpreter) -> int:
    try:
        return int(psutil.Process(process.pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _exchange(process: Interpreter, line: bytes) -> bytes:
    try:
        process.input.write(line)
        process.input.flush()
        return process.output.readline()
    except (BrokenPipeError, ValueError):  # it has died, or `kill` has closed its pipes
        return b""


@contextmanager
def _killed_after(process: Interpreter, seconds: float) -> Iterator[Event]:
    """Yields what is set when the time is over, and the process killed."""
    late = Event()

    def kill() -> None:
        late.set()
        process.kill()

    timer = Timer(seconds, kill)
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
