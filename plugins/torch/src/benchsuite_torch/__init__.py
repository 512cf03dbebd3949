"""PyTorch in benchsuite: its backend and its files of weights, without importing PyTorch."""

from collections.abc import Mapping

from benchsuite import Target, hookimpl
from benchsuite_torch.catalogue import CATALOGUE


@hookimpl
def benchsuite_backends() -> Mapping[str, Target]:
    """PyTorch, on whatever devices it finds."""
    return {
        "torch": Target(
            "benchsuite_torch.backend:TorchBackend",
            "PyTorch eager mode: fx graph modules of torch.nn layers, on CPU, CUDA and MPS",
            requires=("torch", "fvcore"),
            install="pip install benchsuite-torch",
            # Keeps OpenMP's threads on neighbouring cores: steadier, and faster.
            tuned_environment={"OMP_PROC_BIND": "close", "OMP_PLACES": "cores"},
        )
    }


@hookimpl
def benchsuite_native_models() -> Mapping[str, Target]:
    """What torchvision and timm offer."""
    return {
        f"{library}/{name}": Target(
            f"benchsuite_torch.libraries:{library}/{name}",
            f"{library}'s own module",
            requires=("torch", library),
            install=f"pip install {library}",
        )
        for library, names in CATALOGUE.items()
        for name in names
    }


@hookimpl
def benchsuite_weight_readers() -> Mapping[str, Target]:
    """PyTorch's own files, under each of the suffixes that they go by."""
    reader = Target(
        "benchsuite_torch.checkpoints:read_checkpoint",
        "what torch.save writes: tensors alone, never code",
        requires=("torch",),
        install="pip install benchsuite-torch",
    )
    return dict.fromkeys((".pth", ".pt", ".bin"), reader)
