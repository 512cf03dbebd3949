"""TensorFlow's ceilings: `tf.matmul` and a deep copy, in a concrete function without XLA."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Tensor = Any


class TensorFlowWorkload:
    """`benchsuite.contract.Workload` for TensorFlow.

    device: TensorFlow's own name, such as `GPU:0`.
    """

    def __init__(
        self,
        work: Callable[..., Tensor],
        arrays: Sequence[NDArray[np.float32]],
        dtype: str,
        device: str,
    ) -> None:
        self._on_gpu = device.startswith("GPU")
        with tf.device(device):
            self.operands = tuple(tf.cast(tf.constant(array), dtype) for array in arrays)
            # Operands are arguments: TensorFlow computes with constants once and for all.
            specs = [tf.TensorSpec(operand.shape, operand.dtype) for operand in self.operands]
            traced = tf.function(work, jit_compile=False, autograph=False)
            self._run = traced.get_concrete_function(*specs)

    def submit(self) -> Tensor:
        """The result, possibly still on its way."""
        return self._run(*self.operands)

    def synchronize(self) -> None:
        """Return when the GPU has finished; on a CPU, TensorFlow returns no sooner anyway."""
        if self._on_gpu:
            tf.test.experimental.sync_devices()


def multiplied(first: Tensor, second: Tensor) -> Tensor:
    """The product of two matrices."""
    return tf.linalg.matmul(first, second)


def copied(source: Tensor) -> Tensor:
    """A copy: `tf.identity` would hand on the same memory."""
    return tf.raw_ops.DeepCopy(x=source)
