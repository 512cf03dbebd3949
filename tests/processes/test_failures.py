import pytest

from benchsuite.errors import UnsupportedError, UsageError
from benchsuite.processes.failures import broke

OOM = "out_of_memory"


class OutOfMemoryError(RuntimeError):
    pass


@pytest.mark.parametrize(
    ("error", "cause", "reason"),
    [
        (ValueError("no such\n  kernel"), "exception", "ValueError: no such kernel"),
        (UsageError("as it is said"), "refused", "as it is said"),
        (UnsupportedError("not here"), "unsupported", "not here"),
        (SystemExit(3), "exception", "SystemExit: 3"),
        (RuntimeError("can't start new thread"), "no_thread", "RuntimeError: can't start"),
        (MemoryError(), OOM, "MemoryError: "),
        (OutOfMemoryError("9 GiB"), OOM, "OutOfMemoryError: 9 GiB"),
        (RuntimeError("CUDA error: out of memory"), OOM, "RuntimeError: CUDA error"),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of m"), OOM, "RuntimeError: RESOURCE"),
        (RuntimeError("std::bad_alloc"), OOM, "RuntimeError: std::bad_alloc"),
        (
            OSError(12, "Cannot allocate memory"),
            OOM,
            "OSError: [Errno 12] Cannot allocate",
        ),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory"),
            OOM,
            "RuntimeError: Def",
        ),
    ],
)
def test_exception_is_a_cause_and_a_line(error, cause, reason):
    found = broke(error)

    assert found.cause == cause
    assert found.reason.startswith(reason)


def test_line_is_not_too_long():
    assert len(broke(ValueError("x" * 10**6)).reason) < 1100
