"""Files that `torch.save` wrote, read without running the code that a pickle may hold."""

import io
import os
import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import torch
from numpy.typing import NDArray

from benchsuite.errors import UsageError
from benchsuite.graph.weights import Checkpoint

#: Under which training scripts keep the weights, beside the epoch and the optimiser.
_WRAPPERS = ("state_dict", "model_state_dict", "model")
#: The class or function that a refused pickle asks for, in PyTorch's message.
_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a `state_dict`, alone or under one of the keys that training scripts use.

    Raises UsageError for a file that holds anything else than tensors and plain values, and
    whatever PyTorch raises for one that is damaged.
    """
    state = _load(path)
    while (key := _wrapper(state)) is not None:
        state = state[key]
    if not isinstance(state, Mapping):
        raise UsageError(f"'{path}' holds no state_dict, but {type(state).__name__}")
    others = [str(name) for name, value in state.items() if not isinstance(value, torch.Tensor)]
    if others:
        raise UsageError(f"'{path}' holds what is no tensor: {', '.join(others)}")
    swollen = [str(name) for name, tensor in state.items() if _is_swollen(tensor)]
    if swollen:
        raise UsageError(
            f"'{path}' holds tensors that are larger than what is stored of them: "
            f"{', '.join(swollen)}; save them as tensor.contiguous()"
        )
    widened = sum(tensor.dtype is torch.bfloat16 for tensor in state.values())
    return Checkpoint(
        {str(name): _array(tensor) for name, tensor in state.items()},
        notes=(f"{widened} tensors converted from bfloat16 to float32",) if widened else (),
    )


class _Honest(io.BufferedReader):
    """A file that makes room for what it holds, whatever length a pickle in it claims."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, os.fstat(self.fileno()).st_size - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left))


def _load(path: Path) -> Any:  # noqa: ANN401 - what the file holds
    try:
        with warnings.catch_warnings():
            # How the file was pickled is nobody's concern: it is read, or refused.
            warnings.simplefilter("ignore")
            with _Honest(path) as file:
                # Of an archive, PyTorch reads the members that it needs by itself.
                source = path if is_zipfile(path) else file
                return torch.load(source, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        asked = _GLOBAL.search(str(error))
        what = f"asks for {asked[1]}" if asked else "is no pickle of tensors alone"
        raise _refusal(path, f"it {what}") from error
    except RuntimeError as error:
        if "TorchScript" not in str(error):
            raise
        raise _refusal(path, "it is a TorchScript program") from error


def _refusal(path: Path, what: str) -> UsageError:
    """In place of PyTorch's own words, which tell how to load the file all the same."""
    return UsageError(
        f"'{path}' is refused: {what}, and to load that may run code; "
        "save the model's state_dict() alone"
    )


def _wrapper(state: Any) -> str | None:  # noqa: ANN401 - what the file holds
    if not isinstance(state, Mapping):
        return None
    return next((key for key in _WRAPPERS if isinstance(state.get(key), Mapping)), None)


def _is_swollen(tensor: Any) -> bool:  # noqa: ANN401 - a tensor
    """Whether it repeats its elements: of a few bytes it could become more than memory holds."""
    return bool(tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes())


def _array(tensor: Any) -> NDArray[Any]:  # noqa: ANN401 - a tensor
    host = tensor.detach()
    array: NDArray[Any] = (host.float() if host.dtype is torch.bfloat16 else host).numpy()
    return array
