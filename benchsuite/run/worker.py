"""A worker process: imports one framework, then does one job, or forks a child for each.

Started as `python -m benchsuite.run.worker BACKEND [PLUGIN …]`. Jobs come on standard
input, events go to what was standard output; whatever else the process or its libraries
print goes to the job's log. Forking after the first operation hangs in every framework, so
the parent of the forks imports and does nothing else.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

import msgspec
import psutil

from benchsuite.contract import Backend
from benchsuite.errors import BenchsuiteError, MissingDependencyError, UnsupportedError
from benchsuite.hooks import Plugins, load_plugins
from benchsuite.measure.environment import usable_cpus
from benchsuite.records import Epoch
from benchsuite.run.messages import (
    Began,
    Broke,
    Ended,
    Event,
    Found,
    Job,
    Looked,
    Ready,
    Trained,
)
from benchsuite.run.tasks import TASKS, TaskAtWork, import_for, plain

#: How the frameworks call a full device, in the names or texts of their exceptions.
_OUT_OF_MEMORY = ("outofmemory", "resourceexhausted", "out of memory", "resource_exhausted")

#: Seconds between two words about training.
_TOLD_EVERY_S = 5.0


class _Speaker:
    """Sends events over what was standard output."""

    def __init__(self) -> None:
        self._file: BinaryIO = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)

    def say(self, event: Event) -> None:
        self._file.write(msgspec.json.encode(event) + b"\n")
        self._file.flush()


def main() -> None:
    """Serve jobs until standard input ends."""
    speaker = _Speaker()
    name, *unpackaged = sys.argv[1:]
    try:
        plugins = load_plugins(unpackaged)
        backend: Backend = plugins.backends[name].load()()
    except Exception as error:  # noqa: BLE001 - a framework's import may fail in any way
        traceback.print_exc()
        speaker.say(_broke(error))
        return
    speaker.say(Ready(_age_s()))
    for line in sys.stdin.buffer:
        job = msgspec.json.decode(line, type=Job)
        if job.fork:
            speaker.say(Ended(_fork(job, plugins, backend, speaker)))
        else:
            _do(job, plugins, backend, speaker)
    os._exit(0)  # the frameworks' own clean-up takes up to two seconds


def _fork(job: Job, plugins: Plugins, backend: Backend, speaker: _Speaker) -> int:
    if job.case is not None:
        with suppress(Exception):  # the child meets it too, and tells
            import_for(job.task, job.case, plugins)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setsid()
            _do(job, plugins, backend, speaker)
            code = 0
        finally:
            os._exit(code)  # no clean-up of the parent's objects, no threads to wait for
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _do(job: Job, plugins: Plugins, backend: Backend, speaker: _Speaker) -> None:
    """Do one job and tell everything it finds; an exception ends it with its reason."""
    speaker.say(Began(os.getpid()))
    _redirect_output(job.log)
    try:
        for event in _events(job, plugins, backend, _Herald(speaker)):
            speaker.say(event)
    except Exception as error:  # noqa: BLE001 - the case's own failure, whatever it is
        traceback.print_exc()
        sys.stderr.flush()
        speaker.say(_broke(error))


class _Herald:
    """Says how training goes on, and not so often that the harness is in the way of it."""

    def __init__(self, speaker: _Speaker) -> None:
        self._speaker = speaker
        self._last = time.monotonic()

    def __call__(self, number: int, epoch: Epoch) -> None:
        now = time.monotonic()
        if now - self._last >= _TOLD_EVERY_S:
            self._last = now
            self._speaker.say(Trained(number, epoch))


def _events(job: Job, plugins: Plugins, backend: Backend, tell: _Herald) -> Iterator[Event]:
    if job.case is None:
        yield _look(backend)
        return
    _bind(job.case.threads)
    task = TaskAtWork(job.task, job.case, plugins, backend, job.files, tell)
    for findings in TASKS[job.task](task):
        yield Found(findings)


def _look(backend: Backend) -> Looked:
    return Looked(
        versions=plain(backend.versions()),
        devices=tuple(backend.devices()),
        tiers=tuple(backend.tiers),
        precisions=tuple(backend.precisions),
    )


def _broke(error: Exception) -> Broke:
    text = " ".join(str(error).split())
    said = f"{type(error).__name__}: {text}"
    if any(mark in said.lower() for mark in _OUT_OF_MEMORY) or isinstance(error, MemoryError):
        return Broke("oom", said)
    if isinstance(error, UnsupportedError | MissingDependencyError):
        return Broke("unsupported", text)
    return Broke("failed", text if isinstance(error, BenchsuiteError) else said)


def _bind(threads: int) -> None:
    """Keep this process, and every thread it will start, on as many CPUs as it has threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, usable_cpus()[:threads])


def _redirect_output(log: str) -> None:
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.close(target)


def _age_s() -> float:
    """Seconds since this process was created, its interpreter's start included."""
    return time.time() - psutil.Process().create_time()


if __name__ == "__main__":
    main()
