"""Keras 3 as backends of benchsuite: declarations only, Keras is imported when one is chosen."""

from collections.abc import Mapping

from benchsuite import Target, hookimpl
from benchsuite_keras.catalogue import APPLICATIONS

__all__ = ["benchsuite_backends", "benchsuite_native_models"]


@hookimpl
def benchsuite_backends() -> Mapping[str, Target]:
    """One backend for each framework that Keras runs on.

    Keras reads `KERAS_BACKEND` when it is imported, so each process has one of them only.
    """
    return {
        "keras-tensorflow": Target(
            "benchsuite_keras.backends:tensorflow",
            "Keras 3 on TensorFlow, graph functions without XLA",
            requires=("keras", "tensorflow"),
            install="pip install 'benchsuite-keras[tensorflow]'",
            environment={"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"},
        ),
        "keras-jax": Target(
            "benchsuite_keras.backends:jax",
            "Keras 3 on JAX, jitted",
            requires=("keras", "jax"),
            install="pip install 'benchsuite-keras[jax]'",
            environment={"KERAS_BACKEND": "jax"},
        ),
        "keras-torch": Target(
            "benchsuite_keras.backends:torch",
            "Keras 3 on PyTorch, eager",
            requires=("keras", "torch"),
            install="pip install 'benchsuite-keras[torch]'",
            environment={"KERAS_BACKEND": "torch"},
            tuned_environment={"OMP_PROC_BIND": "close", "OMP_PLACES": "cores"},
            # It is there wherever PyTorch and another of Keras' frameworks are: for those who ask.
            by_default=False,
        ),
    }


@hookimpl
def benchsuite_native_models() -> Mapping[str, Target]:
    """What `keras.applications` offers, on whichever framework Keras runs."""
    return {
        f"keras.applications/{name}": Target(
            f"benchsuite_keras.applications:keras.applications/{name}",
            "Keras' own model",
            requires=("keras",),
            install="pip install keras",
        )
        for name in APPLICATIONS
    }
