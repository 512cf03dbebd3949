"""TensorFlow's devices and threads."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from benchsuite.errors import UsageError


def gpus() -> Sequence[Any]:
    """Those that TensorFlow sees, in its order."""
    found: Sequence[Any] = tf.config.list_physical_devices("GPU")
    return found


def tensorflow_name(device: str) -> str:
    """Of `cpu` or `cuda:0`."""
    return "CPU:0" if device == "cpu" else f"GPU:{index_of(device)}"


def index_of(device: str) -> int:
    """Of `cuda:1`, 1."""
    return int(device.partition(":")[2])


def set_threads(threads: int) -> None:
    """One operation at a time, on `threads` threads. Raises UsageError where it is too late."""
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        raise UsageError(
            f"{threads} threads were asked for, but TensorFlow already runs in this process and "
            "cannot change its thread pools: open the session before the first operation"
        ) from None
