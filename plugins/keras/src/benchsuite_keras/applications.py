"""`keras.applications` as native models; Keras is imported when one is built.

Each model is an attribute of this module, under its full name: `keras.applications/ResNet50`.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from benchsuite.contract import NativeModel, Normalizer
from benchsuite.graph import Shape
from benchsuite_keras.catalogue import APPLICATIONS

#: These leave out the normalisation that they would otherwise begin with …
_PREPROCESSING_IS_OPTIONAL = ("ConvNeXt", "EfficientNetV2", "MobileNetV3")
#: … and these cannot: they take bytes as they are.
_TAKES_BYTES = "EfficientNetB"
_AS_THEY_ARE = Normalizer(scale=(1.0,), shift=(0.0,))


def build(name: str, input_shape: Shape, classes: int) -> Any:  # noqa: ANN401 - a keras.Model
    """Keras' own model, with its own initial weights, without the softmax that would end it."""
    from keras import applications

    left_out = name.startswith(_PREPROCESSING_IS_OPTIONAL)
    options: dict[str, Any] = {"include_preprocessing": False} if left_out else {}
    return getattr(applications, name)(
        weights=None,
        input_shape=input_shape,
        classes=classes,
        classifier_activation=None,
        **options,
    )


def _model(name: str) -> NativeModel:
    pixels, smallest, gmacs = APPLICATIONS[name]
    return NativeModel(
        name=f"keras.applications/{name}",
        backends=("keras-*",),
        build=partial(build, name),
        input_shape=(pixels, pixels, 3),
        classes=1000,
        macs=round(gmacs * 1e9),
        smallest=smallest,
        normalizer=_AS_THEY_ARE if name.startswith(_TAKES_BYTES) else None,
    )


MODELS: Mapping[str, NativeModel] = {
    model.name: model for model in (_model(name) for name in APPLICATIONS)
}


def __getattr__(name: str) -> NativeModel:
    """Each model, for the Target that names it."""
    try:
        return MODELS[name]
    except KeyError:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'") from None
