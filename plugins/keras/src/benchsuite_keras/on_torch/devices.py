"""PyTorch's devices."""

import torch


def synchronize(device: str) -> None:
    """Return when the device has finished; on a CPU, PyTorch returns no sooner anyway."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    elif device == "mps":
        torch.mps.synchronize()
