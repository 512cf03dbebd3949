"""Readers of the formats that need no framework: safetensors and NumPy's own archives."""

from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.errors import UsageError
from benchsuite.files import opened
from benchsuite.graph.weights import Checkpoint
from benchsuite.npz import read_arrays

#: safetensors' names of the types that NumPy has. bfloat16 is read as the integers it is.
_TYPES = {
    **{f"F{8 * size}": f"<f{size}" for size in (2, 4, 8)},
    **{f"I{8 * size}": f"<i{size}" for size in (1, 2, 4, 8)},
    **{f"U{8 * size}": f"<u{size}" for size in (1, 2, 4, 8)},
    "BF16": "<u2",
    "BOOL": "?",
}


def read_safetensors(path: Path) -> Checkpoint:
    """Read a safetensors file. Raises UsageError for a type that no NumPy array can hold."""
    from safetensors import deserialize, safe_open

    with opened(path) as file:
        # `safe_open` for NumPy has no bfloat16; the bytes themselves can be widened.
        found = deserialize(file.read())  # type: ignore[no-untyped-call] # in its stub
    # By name: their order in a file is its writer's affair.
    tensors = dict(sorted(found, key=itemgetter(0)))
    unknown = [f"{name} ({t['dtype']})" for name, t in tensors.items() if t["dtype"] not in _TYPES]
    if unknown:
        raise UsageError(f"'{path}' holds types that NumPy lacks: {', '.join(unknown)}")
    widened = sum(tensor["dtype"] == "BF16" for tensor in tensors.values())
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata() or {}
    return Checkpoint(
        {name: _array(tensor) for name, tensor in tensors.items()},
        metadata,
        (f"{widened} tensors converted from bfloat16 to float32",) if widened else (),
    )


def _array(tensor: dict[str, Any]) -> NDArray[Any]:
    array: NDArray[Any] = np.frombuffer(tensor["data"], _TYPES[tensor["dtype"]])
    if tensor["dtype"] == "BF16":  # the upper half of a float32
        array = (array.astype(np.uint32) << 16).view(np.float32)
    shape: list[int] = tensor["shape"]
    return array.reshape(shape)


def read_npz(path: Path) -> Checkpoint:
    """Read a NumPy archive, `np.savez(path, **weights)`. Raises as `read_arrays`."""
    return Checkpoint(read_arrays(path))
