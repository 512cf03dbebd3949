"""CIFAR's pickles, read as data: nothing that they name is imported or called."""

import pickle
import pickletools
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.errors import UsageError

#: All that CIFAR's pickles consist of, and those that Python 3 writes of the like. What makes
#: objects in other ways is left out, and so is what counts as one byte and takes gigabytes.
_OPCODES = frozenset(
    {
        *("PROTO", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE"),
        *("BININT", "BININT1", "BININT2", "LONG1"),
        *("SHORT_BINSTRING", "BINSTRING", "BINUNICODE", "SHORT_BINBYTES", "BINBYTES"),
        *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "EMPTY_DICT"),
        *("APPEND", "APPENDS", "SETITEM", "SETITEMS"),
        *("BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET", "GLOBAL", "REDUCE", "BUILD"),
    }
)
#: An array takes four tuples; those within one another in thousands exhaust the stack of C.
_MOST_TUPLES = 100


class _PickledType:
    """What stands for `numpy.dtype`: the one type that CIFAR's arrays have."""

    def __init__(self, code: object, *_: object) -> None:
        if code not in ("u1", b"u1"):
            raise pickle.UnpicklingError("its arrays are not of type u1")

    def __setstate__(self, _: object) -> None:
        """The order of its one byte."""


class _PickledArray:
    """What stands for an array: its shape and bytes are put together here, and not by NumPy.

    NumPy takes memory for any shape at all, and pointers for what a pickle says are pointers.
    """

    def __init__(self, *_: object) -> None:
        """Empty, until its state comes."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, in_columns, content = state
        if not isinstance(kind, _PickledType):
            raise pickle.UnpicklingError("an array has no type")
        order: Any = "F" if in_columns else "C"
        self.array: NDArray[np.uint8] = np.frombuffer(content, np.uint8).reshape(shape, order=order)


#: What a pickle may name, and what it gets.
_STAND_INS: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _PickledArray,
    ("numpy._core.multiarray", "_reconstruct"): _PickledArray,
    ("numpy", "ndarray"): "an array",
    ("numpy", "dtype"): _PickledType,
}


class _DataOnly(pickle.Unpickler):
    """Gives stand-ins for what a pickle names, and refuses everything that would run code."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - as pickle has it
        try:
            return _STAND_INS[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it would run {module}.{name}") from None


def read_pickle(content: bytes, name: str) -> dict[Any, Any]:
    """The dictionary in one of CIFAR's pickles, with its arrays as (…) uint8.

    It takes no more memory than a few times the pickle. Raises UsageError where that holds
    code, or anything else.
    """
    try:
        _check_opcodes(content)
        # Python 2 wrote CIFAR's: its texts are bytes.
        found = _DataOnly(BytesIO(content), encoding="bytes").load()
    except Exception as error:  # pickle: "including (but not necessarily limited to)" many
        raise UsageError(f"'{name}' is not a pickle of arrays: {error}") from error
    if not isinstance(found, dict):
        raise UsageError(f"'{name}' holds no dictionary, but a {type(found).__name__}")
    return {key: getattr(value, "array", value) for key, value in found.items()}


def _check_opcodes(content: bytes) -> None:
    tuples = 0
    for opcode, argument, _ in pickletools.genops(content):
        if opcode.name not in _OPCODES:
            raise pickle.UnpicklingError(f"it has the opcode {opcode.name}")
        tuples += "TUPLE" in opcode.name
        # The unpickler's memo becomes as long as the largest place that it is told.
        place = int(argument or 0) if opcode.name == "LONG_BINPUT" else 0
        if tuples > _MOST_TUPLES or place > len(content):
            raise pickle.UnpicklingError("it is made to exhaust memory")
