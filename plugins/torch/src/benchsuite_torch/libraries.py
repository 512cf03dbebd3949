"""What torchvision and timm offer, as native models: declared without importing either.

Each model is an attribute of this module, under its full name: `torchvision/resnet50`.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from benchsuite.contract import NativeModel
from benchsuite.graph import Shape
from benchsuite_torch.catalogue import CATALOGUE

#: Networks that cannot shrink: their windows, or their tables of positions, are of one size.
_FIXED = ("deit", "maxvit", "mixer", "swin", "vit_base", "vit_h_14", "vit_tiny")
#: Smaller inputs vanish before the last pooling.
_SMALLEST = {"torchvision/alexnet": 63, "torchvision/inception_v3": 75}


def build_torchvision(name: str, input_shape: Shape, classes: int) -> Any:  # noqa: ANN401 - a torch.nn.Module
    """The module of torchvision, with its own initial weights and without auxiliary heads."""
    from torchvision.models import get_model

    options: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        options = {"aux_logits": False, "init_weights": True}
    elif name.startswith("vit_"):
        options = {"image_size": input_shape[0]}
    return get_model(name, weights=None, num_classes=classes, **options)


def build_timm(name: str, input_shape: Shape, classes: int) -> Any:  # noqa: ANN401 - a torch.nn.Module
    """The module of timm, with its own initial weights."""
    from timm import create_model

    return create_model(name, pretrained=False, num_classes=classes, in_chans=input_shape[2])


def _model(library: str, name: str) -> NativeModel:
    pixels, gmacs = CATALOGUE[library][name]
    full = f"{library}/{name}"
    fixed = name.startswith(_FIXED)
    return NativeModel(
        name=full,
        backends=("torch",),
        build=partial(_BUILDERS[library], name),
        input_shape=(pixels, pixels, 3),
        classes=1000,
        macs=round(gmacs * 1e9),
        smallest=pixels if fixed else _SMALLEST.get(full, 32),
    )


_BUILDERS = {"torchvision": build_torchvision, "timm": build_timm}
MODELS: Mapping[str, NativeModel] = {
    model.name: model
    for library, names in CATALOGUE.items()
    for model in (_model(library, name) for name in names)
}


def __getattr__(name: str) -> NativeModel:
    """Each model, for the Targets that name it."""
    try:
        return MODELS[name]
    except KeyError:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'") from None
