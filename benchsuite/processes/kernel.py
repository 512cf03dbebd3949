"""What a process asks of the Linux kernel for itself; on other systems, nothing happens.

prctl(2), getrlimit(2), proc(5).
"""

import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

#: The id of the process that starts this one, and with which it ends.
PARENT = "BENCHSUITE_PARENT"
#: Bytes that each process of a worker may hold; unset for no limit.
MEMORY_LIMIT = "BENCHSUITE_MEMORY_LIMIT"
IS_LINUX = sys.platform == "linux"

_SET_PDEATHSIG, _SET_CHILD_SUBREAPER, _GET_CHILD_SUBREAPER = 1, 36, 37
_OOM_SCORE_ADJ, _VMSTAT = Path("/proc/self/oom_score_adj"), Path("/proc/vmstat")
#: The highest: the kernel takes this process before any other.
_FIRST_TO_GO = "1000"
#: The field of /proc/…/statm that counts pages of data and stack.
_DATA = 5


def enter() -> None:
    """Run the `main` of the module that the command line names first; it sees the rest."""
    del sys.argv[0]
    # Outlive nobody, be the first to go where memory is full, and keep to the limit.
    die_with(int(os.environ[PARENT]))
    go_first()
    adopt_orphans()
    if limit := os.environ.get(MEMORY_LIMIT):
        limit_memory(int(limit))
    import_module(sys.argv[0]).main()


def adopt_orphans(*, adopt: bool = True) -> bool:
    """Whether orphans among this process's descendants become its children, as `adopt` asks.

    Else they become init's, and nobody can tell whose they were. Gives what it was before. Not
    inherited by children.
    """
    if not IS_LINUX:
        return False
    import ctypes

    before = ctypes.c_int()
    _prctl(_GET_CHILD_SUBREAPER, ctypes.addressof(before))
    _prctl(_SET_CHILD_SUBREAPER, int(adopt))
    return bool(before.value)


def die_with(parent: int) -> None:
    """Be killed as soon as process `parent`, which started this one, is gone.

    What the kernel waits for is the end of the thread that started it. Forked children do not
    inherit it.
    """
    if not IS_LINUX:
        return
    _prctl(_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it went before the kernel was asked
        os._exit(1)


def go_first() -> None:
    """Let the kernel's out-of-memory killer take this process and its children, and no other."""
    with suppress(OSError):
        _OOM_SCORE_ADJ.write_text(_FIRST_TO_GO)


def limit_memory(limit_bytes: int) -> None:
    """Limit what this process, and each of its children, may map privately and write to.

    RLIMIT_DATA: heaps, stacks and anonymous mappings, resident or not; code, what is shared and
    a device's memory are not in it. Linux 4.7 or later.
    """
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    # Nobody but root may raise a hard limit.
    limit = limit_bytes if most == resource.RLIM_INFINITY else min(limit_bytes, most)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def limited_bytes(pid: int) -> int:
    """What a process holds of that now, its stack included; 0 where nobody can tell."""
    with suppress(OSError):
        pages = Path(f"/proc/{pid}/statm").read_bytes().split()[_DATA]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0


def oom_kills() -> int:
    """How many processes the kernel has killed since it started, for want of memory."""
    with suppress(OSError):
        for line in _VMSTAT.read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


def _prctl(option: int, argument: int) -> None:
    import ctypes

    # What a sandbox refuses is done without, as it is on other systems.
    # As wide as prctl reads them, since it takes a variable number of arguments.
    words = [ctypes.c_ulong(word) for word in (argument, 0, 0, 0)]
    ctypes.CDLL(None).prctl(option, *words)
