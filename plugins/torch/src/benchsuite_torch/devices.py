"""PyTorch's devices."""

from typing import Any

import torch


def synchronize(device: Any) -> None:  # noqa: ANN401 - a torch.device
    """Return when the device has finished; on a CPU, PyTorch returns no sooner anyway."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
