"""The callables that the plugin's Targets name: choose Keras' backend, then import it."""

import os
import sys

from benchsuite.contract import Backend
from benchsuite.errors import UsageError


def tensorflow() -> Backend:
    """Keras on TensorFlow. Raises UsageError where Keras already runs on something else."""
    _choose("tensorflow")
    from benchsuite_keras.on_tensorflow.backend import TensorFlowBackend

    return TensorFlowBackend()


def jax() -> Backend:
    """Keras on JAX. Raises UsageError where Keras already runs on something else."""
    _choose("jax")
    from benchsuite_keras.on_jax.backend import JaxBackend

    return JaxBackend()


def torch() -> Backend:
    """Keras on PyTorch. Raises UsageError where Keras already runs on something else."""
    _choose("torch")
    from benchsuite_keras.on_torch.backend import TorchBackend

    return TorchBackend()


def _choose(framework: str) -> None:
    """Make Keras run on `framework`: possible only before the process imports Keras."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = framework
        return
    running = sys.modules["keras"].backend.backend()
    if running != framework:
        raise UsageError(
            f"backend 'keras-{framework}' was asked for, but Keras already runs on {running} in "
            f"this process, and a process holds one Keras backend: start a new one, and open "
            f"'keras-{framework}' in it before importing keras, or set KERAS_BACKEND={framework}"
        )
