"""Peak memory of this process, as the kernel counts it."""

import contextlib
from pathlib import Path

import psutil

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
#: proc_pid_clear_refs(5): writing 5 resets the peak resident set size ("VmHWM").
_RESET_PEAK = "5"
_KIB = 1024


def reset_peak() -> int:
    """Start a new peak, where the kernel can, and return the resident bytes now."""
    with contextlib.suppress(OSError):
        _CLEAR_REFS.write_text(_RESET_PEAK)
    return int(psutil.Process().memory_info().rss)


def peak_bytes() -> int:
    """Largest resident set so far: exact on Linux, from `getrusage` elsewhere on Unix."""
    if _STATUS.exists():
        line = next(x for x in _STATUS.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * _KIB
    windows_peak = getattr(psutil.Process().memory_info(), "peak_wset", None)
    if windows_peak is not None:
        return int(windows_peak)
    import resource

    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # macOS: in bytes
