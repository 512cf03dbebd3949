import pytest

from benchsuite.errors import UnsupportedError, UsageError
from benchsuite.processes.failures import broke


class OutOfMemoryError(RuntimeError):
    pass


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (ValueError("no such\n  kernel"), "failed", "ValueError: no such kernel"),
        (UsageError("as it is said"), "failed", "as it is said"),
        (UnsupportedError("not here"), "unsupported", "not here"),
        (SystemExit(3), "failed", "SystemExit: 3"),
        (MemoryError(), "oom", "MemoryError: "),
        (OutOfMemoryError("9 GiB"), "oom", "OutOfMemoryError: 9 GiB"),
        (RuntimeError("CUDA error: out of memory"), "oom", "RuntimeError: CUDA error"),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of m"), "oom", "RuntimeError: RESOURCE"),
        (RuntimeError("std::bad_alloc"), "oom", "RuntimeError: std::bad_alloc"),
        (OSError(12, "Cannot allocate memory"), "oom", "OSError: [Errno 12] Cannot allocate"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "oom", "RuntimeError: Def"),
    ],
)
def test_exception_is_a_status_and_a_line(error, status, reason):
    found = broke(error)

    assert found.status == status
    assert found.reason.startswith(reason)


def test_line_is_not_too_long():
    assert len(broke(ValueError("x" * 10**6)).reason) < 1100
