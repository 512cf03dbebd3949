"""Environment variables of worker processes: set before the interpreter starts."""

import os

from benchsuite.hooks import Target

#: glibc's allocator returns no memory between calls: a framework without a pool of its own
#: otherwise pays up to a quarter of its time for page faults (docs/reference/protocols.md).
_TUNED_ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
    "MALLOC_TOP_PAD_": "268435456",
}
#: Binding helps one framework and halves another: only a backend's own plugin sets it.
_BINDING = ("OMP_PROC_BIND", "OMP_PLACES")
#: The only variables that reach a record.
RECORDED_VARIABLES = ("OMP_NUM_THREADS", *_BINDING, *_TUNED_ALLOCATOR)


def worker_environment(target: Target, threads: int, *, tuned: bool) -> dict[str, str]:
    """This process's environment, as a backend needs it; tuned where time is measured."""
    # Not the user's own, which would reach backends that they slow down.
    ours = (*_BINDING, *_TUNED_ALLOCATOR)
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    stock = {**kept, "OMP_NUM_THREADS": str(threads), **target.environment}
    return {**stock, **_TUNED_ALLOCATOR, **target.tuned_environment} if tuned else stock
