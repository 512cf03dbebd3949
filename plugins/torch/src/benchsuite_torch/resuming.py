"""All that a session's next step depends on, as arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchsuite_torch.steps import TrainingStep

Arrays = Mapping[str, NDArray[Any]]

_OPTIMIZER, _AVERAGE, _SCALER = "optimizer/", "average/", "scaler/"
_RANDOM, _RANDOM_CUDA = "random", "random_cuda"


def extract(step: TrainingStep, device: Any) -> dict[str, NDArray[Any]]:  # noqa: ANN401 - a torch.device
    """The optimiser's tensors, the averages, and the states of the random streams."""
    found = {_RANDOM: torch.get_rng_state()}
    if device.type == "cuda":
        found[_RANDOM_CUDA] = torch.cuda.get_rng_state(device)
    for index, tensors in step.optimizer.state_dict()["state"].items():
        found.update({f"{_OPTIMIZER}{index}/{k}": v for k, v in tensors.items() if v is not None})
    if step.average is not None:
        found.update({f"{_AVERAGE}{name}": value for name, value in step.average.values.items()})
    of_scaler = step.scaler.state_dict() if step.scaler else {}
    return {
        **{name: tensor.cpu().numpy().copy() for name, tensor in found.items()},
        **{f"{_SCALER}{name}": np.array(number) for name, number in of_scaler.items()},
    }


def restore(step: TrainingStep, arrays: Arrays, device: Any) -> None:  # noqa: ANN401 - a torch.device
    """Put back what `extract` took."""
    tensors = {name: torch.tensor(array) for name, array in arrays.items()}
    of_optimizer: dict[int, dict[str, Any]] = {}
    for name in [name for name in tensors if name.startswith(_OPTIMIZER)]:
        index, key = name.removeprefix(_OPTIMIZER).split("/")
        of_optimizer.setdefault(int(index), {})[key] = tensors[name]
    groups = step.optimizer.state_dict()["param_groups"]
    step.optimizer.load_state_dict({"state": of_optimizer, "param_groups": groups})
    if step.average is not None:
        for name, value in step.average.values.items():
            value.copy_(tensors[f"{_AVERAGE}{name}"])
    if step.scaler:
        names = step.scaler.state_dict()
        step.scaler.load_state_dict({name: tensors[f"{_SCALER}{name}"].item() for name in names})
    torch.set_rng_state(tensors[_RANDOM])
    if device.type == "cuda":
        torch.cuda.set_rng_state(tensors[_RANDOM_CUDA], device)
