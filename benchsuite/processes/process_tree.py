"""Everything that a worker has started: found whatever it did to get away, and ended."""

import os
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import suppress

import psutil

from benchsuite.processes.kernel import IS_LINUX

#: The variable by which a worker's descendants are known. Its value is unique to the worker.
MARK = "BENCHSUITE_WORKER"
#: That the end of a tree may take, however fast it breeds.
_LONGEST_S = 20.0
_POLL_S = 0.001


def new_mark() -> str:
    """The value of `MARK` for a worker that this process starts."""
    return f"{os.getpid()}.{secrets.token_hex(8)}"


class ProcessTree:
    """The descendants of one worker, of whatever process group and session.

    On Linux they are found among this process's own, which must adopt orphans: below the worker,
    in its sessions, with its mark in their environment, or below any of those. A process that
    has nothing of these is somebody else's. Elsewhere nobody is found, and process groups alone
    are ended.
    """

    def __init__(self, worker: int, mark: str) -> None:
        self._worker = worker
        self._mark = mark
        self._sessions = {worker}
        self._seen: set[int] = set()

    def add_job(self, pid: int) -> None:
        """A job has begun; it leads a session, the worker's or one of its own."""
        self._sessions.add(pid)

    def end_job(self) -> None:
        """End what is left of jobs that the worker forked; nothing of these is in its session."""
        for job in self._sessions - {self._worker}:
            _signal_group(job, signal.SIGKILL)
        self._end_members(spared=self._worker)
        self._sessions = {self._worker}
        self._seen.clear()

    def end(self) -> None:
        """End the worker and everything that it started.

        The worker is stopped first, and killed last: while it is there, orphans are its children.
        """
        for leader in self._sessions:
            _signal_group(leader, signal.SIGSTOP)
        self._end_members(spared=None)
        for leader in self._sessions:
            _signal_group(leader, signal.SIGKILL)

    def reap(self) -> None:
        """Take leave of what ended before its worker did: its parent is now this process.

        A process whose first thread has ended is a zombie for all to see, and cannot be waited for
        before its other threads have ended too.
        """
        deadline = time.monotonic() + _LONGEST_S
        for pid in self._seen:
            with suppress(ChildProcessError):
                while not os.waitpid(pid, os.WNOHANG)[0] and time.monotonic() < deadline:
                    time.sleep(_POLL_S)
        self._seen.clear()

    def _end_members(self, spared: int | None) -> None:
        """Stop all, look again until nobody is new, then kill: who is stopped forks no more.

        spared: the session whose members are left alone.
        """
        deadline = time.monotonic() + _LONGEST_S
        stopped: dict[int, psutil.Process] = {}
        while time.monotonic() < deadline:
            before = len(stopped)
            for process in self._members(spared):
                self._seen.add(process.pid)
                if process.pid not in stopped and _stop(process):
                    stopped[process.pid] = process
            if len(stopped) == before:
                break
        for process in stopped.values():
            with suppress(psutil.Error):
                process.kill()
        while time.monotonic() < deadline and not all(map(_is_gone, stopped.values())):
            time.sleep(_POLL_S)

    def _members(self, spared: int | None) -> Iterator[psutil.Process]:
        """As they are found, each after its parent; the worker itself is none."""
        if not IS_LINUX:
            return
        known = {self._worker}
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error, ProcessLookupError):
                session = os.getsid(process.pid)
                is_member = (
                    process.ppid() in known
                    or session in self._sessions
                    or process.environ().get(MARK) == self._mark
                )
                if process.pid != self._worker and is_member:
                    known.add(process.pid)
                    if session != spared:
                        yield process


def _stop(process: psutil.Process) -> bool:
    """Whether it was there to be stopped; one that has ended already is reaped."""
    with suppress(psutil.Error):
        if not _is_gone(process):
            process.suspend()
            return True
    return False


def _is_gone(process: psutil.Process) -> bool:
    """Whether it has ended. A child of this process is reaped; others' parents see to theirs."""
    with suppress(ChildProcessError):
        return bool(os.waitpid(process.pid, os.WNOHANG)[0])
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _signal_group(leader: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
