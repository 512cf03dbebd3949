"""Keras' global default dtype, set for a while."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

import keras
from keras.src.backend.common import dtypes as promotion

#: Except on TensorFlow, newer versions of Keras narrow float64 in some ops (tanh, mean,
#: batch_normalization, …) whatever floatx and the layer's dtype are. There is no public way
#: to tell them not to.
_NARROWING: MutableMapping[str, str] = promotion.BIT64_TO_BIT32_DTYPE


@contextmanager
def default_dtype(dtype: str) -> Iterator[None]:
    """Make `float32` or `float64` what Keras computes in where no layer says otherwise."""
    floatx, narrowed = keras.config.floatx(), _NARROWING["float64"]
    keras.config.set_floatx(dtype)
    if dtype == "float64":
        _NARROWING["float64"] = "float64"
    try:
        yield
    finally:
        keras.config.set_floatx(floatx)
        _NARROWING["float64"] = narrowed
