"""Keras as its guides use it: `compile`, and `fit` over a `tf.data.Dataset`.

https://keras.io/guides/training_with_built_in_methods
"""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Normalizer, Recipe

#: Of Keras' dense and convolutional layers; the core's of others are Keras' as well.
_INITIAL = {"kernel": keras.initializers.GlorotUniform, "bias": keras.initializers.Zeros}


def compile_model(model: Any, recipe: Recipe, seed: int) -> None:  # noqa: ANN401 - a keras.Model
    """With Keras' own initial values and its own optimiser, and its defaults for the rest."""
    keras.utils.set_random_seed(seed)
    for layer in model._flatten_layers():  # noqa: SLF001 - also those within attention
        for name, initializer in _INITIAL.items():
            variable = getattr(layer, name, None)
            if isinstance(variable, keras.Variable):
                # one for each, made now: an initializer takes its seed when it is made
                variable.assign(initializer()(variable.shape, variable.dtype))
    model.compile(
        optimizer=_optimizer(recipe),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )


def pipeline(
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    normalizer: Normalizer,
    batch_size: int,
) -> Any:  # noqa: ANN401 - a tf.data.Dataset
    """Shuffled anew in every epoch, batched, normalised and prefetched."""
    import tensorflow as tf

    scale, shift = (tf.constant(v, tf.float32) for v in (normalizer.scale, normalizer.shift))

    def normalise(pixels: Any, classes: Any) -> tuple[Any, Any]:  # noqa: ANN401 - tensors
        return tf.cast(pixels, tf.float32) * scale + shift, classes

    return (
        tf.data.Dataset.from_tensor_slices((images, labels))
        .shuffle(len(labels))
        .batch(batch_size)
        .map(normalise)
        .prefetch(tf.data.AUTOTUNE)
    )


def _optimizer(recipe: Recipe) -> Any:  # noqa: ANN401 - a keras.Optimizer
    decay = {"weight_decay": recipe.weight_decay} if recipe.weight_decay else {}
    if recipe.optimizer in ("sgd", "rmsprop"):
        made = keras.optimizers.SGD if recipe.optimizer == "sgd" else keras.optimizers.RMSprop
        return made(recipe.lr, momentum=recipe.momentum, **decay)
    made = keras.optimizers.AdamW if recipe.optimizer == "adamw" else keras.optimizers.Adam
    return made(recipe.lr, **decay)
