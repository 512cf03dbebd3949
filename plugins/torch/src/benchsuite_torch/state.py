"""Canonical weights in and out of a module: the keys are those of its `state_dict()`."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchsuite.graph.weights import Weights


def inject(module: Any, weights: Weights) -> None:  # noqa: ANN401 - a torch.nn.Module
    """Give a module its first weights, also one on the `meta` device, which has none.

    BatchNorm's `num_batches_tracked` is no weight; PyTorch itself starts it at zero.
    """
    state = {name: torch.tensor(array) for name, array in weights.items()}
    module.load_state_dict(state, strict=True, assign=True)


def replace(module: Any, weights: Weights) -> None:  # noqa: ANN401 - a torch.nn.Module
    """Overwrite every weight and buffer where it is; names and shapes must fit."""
    state = module.state_dict()
    for name, array in weights.items():
        state[name].copy_(torch.tensor(array))


def extract(
    module: Any,  # noqa: ANN401 - a torch.nn.Module
    names: Iterable[str],
) -> dict[str, NDArray[np.floating]]:
    """A copy of these weights and buffers on the host, in this order."""
    state = module.state_dict()
    return {name: state[name].cpu().numpy().copy() for name in names}
