"""The tier `compiled`: PyTorch's own compiler, with nothing compiled before."""

import atexit
import os
import shutil
import tempfile
import warnings
from functools import cache
from typing import Any

import torch


def compiled(module: Any) -> Any:  # noqa: ANN401 - torch.nn.Modules
    """The module under `torch.compile` (inductor), one program for each shape.

    What earlier processes compiled is not used: the first call is to be what a new user waits
    for.
    """
    _forget_what_was_compiled()
    with warnings.catch_warnings():
        # PyTorch's compiler imports what PyTorch itself has deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.compile(module, dynamic=False)


@cache
def _forget_what_was_compiled() -> None:
    """Give this process an empty cache, whatever its user or PyTorch itself has chosen."""
    folder = tempfile.mkdtemp(prefix="benchsuite-inductor-")
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
