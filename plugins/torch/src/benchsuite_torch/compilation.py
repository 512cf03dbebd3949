"""The tier `compiled`: PyTorch's own compiler, with nothing compiled before."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import warnings
from typing import Any

import torch

_CACHE = "TORCHINDUCTOR_CACHE_DIR"


def compiled(module: Any) -> Any:  # noqa: ANN401 - torch.nn.Modules
    """The module under `torch.compile` (inductor), one program for each shape.

    What earlier processes compiled is not used: the first call is to be what a new user waits
    for.
    """
    if _CACHE not in os.environ:
        folder = tempfile.mkdtemp(prefix="benchsuite-inductor-")
        os.environ[_CACHE] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with warnings.catch_warnings():
        # PyTorch's compiler imports what PyTorch itself has deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.compile(module, dynamic=False)
