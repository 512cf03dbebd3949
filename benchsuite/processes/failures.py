"""What an exception of a framework means for its case."""

from benchsuite.errors import BenchsuiteError, MissingDependencyError, UnsupportedError
from benchsuite.processes.messages import Failed

#: How frameworks, their allocators and libraries call a full device, or a full host, in the
#: names or texts of their exceptions, and in what they print before they abort.
_OUT_OF_MEMORY = (
    "outofmemory",  # PyTorch: torch.OutOfMemoryError
    "out of memory",
    "resourceexhausted",  # TensorFlow: ResourceExhaustedError
    "resource_exhausted",  # XLA, as gRPC names it
    "memoryerror",
    "cannot allocate memory",  # libc, of ENOMEM
    "can't allocate memory",  # PyTorch's DefaultCPUAllocator
    "std::bad_alloc",  # C++'s new
    "memory allocation still failed",  # OpenBLAS
)
#: Likewise, of a thread that finds no room for its stack.
_NO_THREAD = ("can't start new thread", "thread creation failed", "pthread_create failed")
#: Of what is said of a failure: a framework may put a whole tensor into an exception.
_LONGEST_REASON = 1000


def mentions_memory(text: str) -> bool:
    """Whether something is said to be full."""
    lowered = text.lower()
    return any(mark in lowered for mark in _OUT_OF_MEMORY)


def mentions_threads(text: str) -> bool:
    """Whether a thread is said not to have started; under a limit of memory, for want of it."""
    lowered = text.lower()
    return any(mark in lowered for mark in _NO_THREAD)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the device, or the host, was full."""
    return isinstance(error, MemoryError) or mentions_memory(_said(error))


def failure_of(error: BaseException) -> Failed:
    """What ends a case by an exception: the cause, and the reason in one line."""
    if is_out_of_memory(error):
        return Failed("out_of_memory", _said(error))
    if isinstance(error, UnsupportedError | MissingDependencyError):
        return Failed("unsupported", _text(error))
    if isinstance(error, BenchsuiteError):
        return Failed("refused", _text(error))
    said = _said(error)
    return Failed("no_thread" if mentions_threads(said) else "exception", said)


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {_text(error)}"


def _text(error: BaseException) -> str:
    """What an exception says, in one line that is not too long and can be encoded."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - of a stranger's class, this too may go wrong
        return "what it says cannot be shown"
    shown = text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]} …"
    return shown.encode(errors="replace").decode()
