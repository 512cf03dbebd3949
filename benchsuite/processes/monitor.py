"""What the harness notices of one job while it waits, and what it makes of the job's end."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from benchsuite.processes.failures import mentions_memory, mentions_threads
from benchsuite.processes.kernel import limited_bytes, oom_kills
from benchsuite.processes.logs import LONGEST_BYTES, last_lines
from benchsuite.processes.messages import Began, Done, Ended, Event, Failed, Found, Trying
from benchsuite.records import Findings, Overflow

#: Seconds between two checks.
CHECK_S = 1.0
#: Of the limit: a process that was seen with so much of it and died had reached it.
_NEAR = 0.9
_SHOWN = 200
_SIGKILL = -9
_MIB, _GIB = 2**20, 2**30


class FloodError(Exception):
    """A job printed more than a log may hold."""


@dataclass
class Monitor:
    """Kept over one job.

    limit_bytes: of the memory of each of its processes; None for no limit.
    seen_bytes: the most of that which was seen in use.
    """

    log: Path
    limit_bytes: int | None = None
    pid: int | None = None
    trying: Trying | None = None
    seen_bytes: int = 0
    kills: int = field(default_factory=oom_kills)
    has_explained: bool = False
    is_done: bool = False

    def check(self) -> None:
        """Check the size of the log and, under a limit, the memory. Raises FloodError."""
        with suppress(FileNotFoundError):
            if self.log.stat().st_size > LONGEST_BYTES:
                raise FloodError(f"it printed more than {LONGEST_BYTES // _MIB} MiB")
        if self.limit_bytes and self.pid:
            self.seen_bytes = max(self.seen_bytes, limited_bytes(self.pid))

    def heard(self, event: Event) -> Iterator[Event]:
        """An event, and what follows from it. Raises FloodError."""
        match event:
            case Trying():
                self.trying = event
                return
            case Done():
                self.is_done = True
                return
            case Began(pid):
                self.pid = pid
            case Failed():
                yield from self._explained(event)
                return
            case Ended():
                self.check()
                cause = None if self.has_explained else self._cause(event)
                if cause:
                    yield from self._explained(cause)
        yield event

    def _explained(self, failed: Failed) -> Iterator[Event]:
        """Why the job cannot go on; of want of memory, also at what."""
        self.has_explained = True
        if self.limit_bytes and failed.cause == "no_thread":  # there was no room for its stack
            failed = replace(failed, cause="out_of_memory")
        if failed.cause != "out_of_memory":
            yield failed
            return
        reason, trying = failed.reason, self.trying
        if self.limit_bytes:
            limit = f"{self.limit_bytes / _GIB:g}GiB"
            if self.limit_bytes % _GIB:
                limit = f"{self.limit_bytes / _MIB:g}MiB"
            reason += f" (--memory-limit {limit})"
        if trying:
            overflow = Overflow(metric=trying.metric, batch_size=trying.batch_size, reason=reason)
            yield Found(Findings(overflows=(overflow,)))
            what = trying.metric.replace("_", " ")
            advice = f"; {trying.advice}" if trying.advice else ""
            reason = f"{what} at batch {trying.batch_size}: {reason}{advice}"
        yield replace(failed, reason=reason)

    def _cause(self, ended: Ended) -> Failed | None:
        """Of a process that went without a word; None where its exit code says all there is."""
        if not ended.returncode:
            early = "its process ended with exit code 0 before it had finished"
            return None if self.is_done else Failed("exit", early)
        # The counter is of the whole host: only a SIGKILL meanwhile makes it this process.
        if ended.returncode == _SIGKILL and oom_kills() > self.kills:
            by_kernel = "its process was killed by the kernel: the host was out of memory"
            return Failed("out_of_memory", by_kernel)
        full = (
            line[:_SHOWN]
            for line in last_lines(self.log)
            # A thread that finds no room for its stack tells of the limit in other words.
            if mentions_memory(line) or (self.limit_bytes and mentions_threads(line))
        )
        if found := next(full, ""):
            last_words = f"its process died, and its last words are of memory: {found}"
            return Failed("out_of_memory", last_words)
        if self.limit_bytes and self.seen_bytes > _NEAR * self.limit_bytes:
            used = f"{self.seen_bytes / _GIB:.2f} GiB"
            silently = f"its process died silently, and had last been seen with {used}"
            return Failed("out_of_memory", silently)
        return None
