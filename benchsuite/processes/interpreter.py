"""Where all processes of ours are started: those of runs, of verifications, and those that decode.

Each is a Python interpreter behind pipes. What it prints elsewhere goes into a log.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import IO

from benchsuite.errors import UsageError
from benchsuite.processes.kernel import IS_LINUX, MEMORY_LIMIT, PARENT, adopt_orphans
from benchsuite.processes.process_tree import MARK, ProcessTree, new_mark

#: For a process that was killed: one that the kernel cannot end is left behind.
_LONGEST_DEATH_S = 20.0
#: For one that was asked to end: what it is at comes first.
_LONGEST_END_S = 60.0
#: `-c` and `-m` look for modules in the working directory first: a file there that is named
#: `torch.py` or `secrets.py` would be run in place of the module. `-P` prevents it only since
#: Python 3.11, and `-m` cannot be told.
_BEGINNING = """\
import sys
if sys.path[:1] == [""]:
    del sys.path[0]
from benchsuite.processes.kernel import enter
enter()
"""


class Interpreter:
    """One process, which runs the `main` of a module, and everything that it starts.

    The thread that makes it must live as long: with that thread, the kernel ends the process.

    environment: all its variables. log: where it prints; None shares this process's.
    mark: of the process tree that it belongs to; it has one of its own where that is empty.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        *,
        environment: Mapping[str, str],
        log: IO[bytes] | None = None,
        python: str = sys.executable,
        mark: str = "",
    ) -> None:
        mark = mark or new_mark()
        self._process = subprocess.Popen(  # noqa: S603 - an interpreter, and a module of ours
            [python, "-c", _BEGINNING, module, *arguments],
            env={**environment, MARK: mark, PARENT: str(os.getpid())},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            # Ctrl-C on a terminal is for the harness, which ends its processes in order.
            start_new_session=True,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("a process of ours is started with pipes")
        self.input: IO[bytes] = self._process.stdin
        self.output: IO[bytes] = self._process.stdout
        self.pid = self._process.pid
        self.tree = ProcessTree(self.pid, mark)
        # Two threads may end it at once: that of a time limit, and its user.
        self._ending = Lock()
        self._is_over = False

    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait(self, seconds: float | None = None) -> int:
        """Its exit code, once it has ended. Raises subprocess.TimeoutExpired."""
        return self._process.wait(seconds)

    def end(self) -> None:
        """Let it finish what it is at, and end because its input does."""
        self._close_input()
        try:
            self._process.wait(_LONGEST_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self.output.close()

    def kill(self) -> None:
        """End it and every process that it started; whoever reads its output gets no more."""
        with self._ending:
            if self._is_over:
                return  # its number may be another's by now
            self._is_over = True
            self.tree.end()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_LONGEST_DEATH_S)
            self.tree.reap()
            self._close_input()
            self.output.close()

    def _close_input(self) -> None:
        with suppress(BrokenPipeError):  # what was not flushed has nobody to read it
            self.input.close()


class Interpreters:
    """Starts processes alike: of one Python, with one folder for scratch, under one limit.

    python: the interpreter, of the environment whose packages they use.
    memory_limit_bytes: of each process of each of them; None for no limit. Raises UsageError
        where the system has no such limit.
    """

    def __init__(self, python: str = sys.executable, memory_limit_bytes: int | None = None) -> None:
        if memory_limit_bytes is not None and not IS_LINUX:
            raise UsageError("--memory-limit needs Linux: leave it out on this system")
        self._python = python
        self.memory_limit_bytes = memory_limit_bytes
        # They are ended without a word, and frameworks leave files behind.
        self._scratch = TemporaryDirectory(prefix="benchsuite-", ignore_cleanup_errors=True)
        # What they start is found below this process, whoever its parent was.
        self._adopted_before = adopt_orphans()

    def start(
        self, module: str, arguments: Sequence[str], environment: Mapping[str, str], log: IO[bytes]
    ) -> Interpreter:
        """One process more, at the root of a process tree of its own."""
        Path(self._scratch.name).mkdir(exist_ok=True)  # an earlier case may have removed it
        variables = {**environment, "TMPDIR": self._scratch.name}
        if self.memory_limit_bytes is not None:
            variables[MEMORY_LIMIT] = str(self.memory_limit_bytes)
        return Interpreter(module, arguments, environment=variables, log=log, python=self._python)

    def close(self) -> None:
        """Clean up behind processes that have ended."""
        adopt_orphans(adopt=self._adopted_before)
        self._scratch.cleanup()
