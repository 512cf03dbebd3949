"""A network in Keras on TensorFlow: one concrete function per input shape, with XLA if asked."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any, Literal

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from benchsuite.contract import Batch, DeviceMemory, Recipe, Setup
from benchsuite.errors import UsageError
from benchsuite_keras import idiomatic
from benchsuite_keras.inspection import InspectableKerasSession
from benchsuite_keras.on_tensorflow.devices import tensorflow_name
from benchsuite_keras.on_tensorflow.optimizers import make_optimizer
from benchsuite_keras.precision import scaled, with_scaled_loss
from benchsuite_keras.session import KerasTensor, MakeModel, PlacedBatch, on_or_off

Function = Callable[..., KerasTensor]


class TensorFlowSession(InspectableKerasSession):
    """One network in Keras on TensorFlow."""

    def __init__(self, make: MakeModel, setup: Setup) -> None:
        self._on_gpu = setup.device != "cpu"
        self._xla = setup.tier == "compiled"
        self._tf_device = tensorflow_name(setup.device)
        self._forwards: dict[object, Function] = {}
        self._steps: dict[object, Function] = {}
        self._step_parts: dict[tuple[str, object], Function] = {}
        if self._on_gpu:
            tf.config.experimental.reset_memory_stats(self._tf_device)
        super().__init__(make, setup)

    def _infer(self, placed: PlacedBatch) -> KerasTensor:
        """Submit the forward pass, one concrete function per shape."""
        forward = self._forwards.get(placed.signature) or self._trace_forward(placed)
        return forward(placed.images)

    def run_part(self, placed: PlacedBatch, part: Literal["forward", "backward"]) -> Any:  # noqa: ANN401 - tensors
        """Submit the beginning of a training step; see `PartedSession`."""
        begin = self._step_parts.get((part, placed.signature)) or self._trace_part(placed, part)
        return begin(placed.images, placed.labels, *placed.masks.values())

    def synchronize(self) -> None:
        """Return when the GPU has finished; on a CPU, TensorFlow returns no sooner anyway."""
        if self._on_gpu:
            tf.test.experimental.sync_devices()

    def device_memory(self) -> DeviceMemory | None:
        """What TensorFlow's allocator handed out on the GPU, and no more; None on a CPU."""
        if not self._on_gpu:
            return None
        return DeviceMemory(int(tf.config.experimental.get_memory_info(self._tf_device)["peak"]))

    def _framework_settings(self) -> Mapping[str, str]:
        threading = tf.config.threading
        return {
            "xla": on_or_off(self._xla),
            "tf32": on_or_off(tf.config.experimental.tensor_float_32_execution_enabled()),
            "threads": str(threading.get_intra_op_parallelism_threads() or "all"),
            "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "TensorFlow's default"),
            "inter_op_threads": str(threading.get_inter_op_parallelism_threads() or "all"),
        }

    def _device_scope(self) -> AbstractContextManager[Any]:
        scope: AbstractContextManager[Any] = tf.device(self._tf_device)
        return scope

    def _to_device(self, array: NDArray[Any]) -> KerasTensor:
        with tf.device(self._tf_device):
            return tf.constant(array)

    def _take(self, steps: Iterable[tuple[Batch | PlacedBatch, float]]) -> list[KerasTensor]:
        losses: list[KerasTensor] = []
        last_rate = None
        # Concrete functions know their device; a scope around their calls, or an assignment of
        # each step's rate, would cost 1 % of LeNet-5's step.
        with tf.device(None):
            for batch, rate in steps:
                placed = self._placed(batch)
                step = self._steps.get(placed.signature) or self._trace_step(placed)
                if rate != last_rate:
                    self._optimizer.learning_rate.assign(rate)
                    last_rate = rate
                losses.append(step(placed.images, placed.labels, *placed.masks.values()))
        return losses

    def _fetch(self, losses: list[KerasTensor]) -> NDArray[Any]:
        return self._to_host(tf.stack(losses))

    def _to_host(self, tensor: KerasTensor) -> NDArray[Any]:
        return np.asarray(tensor.numpy())

    def _evaluate(self, model: Any, images: KerasTensor) -> Sequence[KerasTensor]:  # noqa: ANN401 - a keras.Model
        forward = tf.function(
            lambda x: model(x, training=False), jit_compile=False, autograph=False
        )
        outputs: Sequence[KerasTensor] = forward(images)
        return outputs

    def _differentiate(self, placed: PlacedBatch) -> tuple[KerasTensor, Sequence[KerasTensor]]:
        weights = [variable.value for variable in self._model.trainable_variables]

        def differentiate(images: KerasTensor, labels: KerasTensor) -> tuple[KerasTensor, Any]:
            with tf.GradientTape() as tape:
                loss = self._loss(images, labels, {})
            return loss, tape.gradient(loss, weights)

        traced = tf.function(differentiate, jit_compile=False, autograph=False)
        loss, gradients = traced(placed.images, placed.labels)
        return loss, gradients

    def _trace_forward(self, placed: PlacedBatch) -> Function:
        if placed.images.dtype == tf.uint8:
            raise UsageError("infer takes normalised float32 images, got uint8")
        forward = tf.function(
            lambda images: self._model(images, training=False),
            jit_compile=self._xla,
            autograph=False,
        )
        with self._scope():
            self._forwards[placed.signature] = forward.get_concrete_function(_spec(placed.images))
        return self._forwards[placed.signature]

    def _trace_step(self, placed: PlacedBatch) -> Function:
        optimizer = self._optimizer
        variables = self._model.trainable_variables
        weights = [variable.value for variable in variables]

        def step(images: KerasTensor, labels: KerasTensor, *masks: KerasTensor) -> KerasTensor:
            named = dict(zip(placed.masks, masks, strict=True))
            loss, gradients = self._backward(images, labels, named, weights)
            optimizer.apply(gradients, variables)
            return loss

        specs = map(_spec, (placed.images, placed.labels, *placed.masks.values()))
        traced = tf.function(step, jit_compile=self._xla, autograph=False)
        with self._scope():
            self._steps[placed.signature] = traced.get_concrete_function(*specs)
        return self._steps[placed.signature]

    def _trace_part(self, placed: PlacedBatch, part: str) -> Function:
        """With everything that it computes as a result: nothing can be optimised away."""
        weights = [variable.value for variable in self._model.trainable_variables]

        def begin(images: KerasTensor, labels: KerasTensor, *masks: KerasTensor) -> Any:  # noqa: ANN401 - tensors
            given = images, labels, dict(zip(placed.masks, masks, strict=True))
            if part == "backward":
                return self._backward(*given, weights)
            losses = [self._loss(*each) for each in self._parts(*given)]
            return tf.add_n(losses) / len(losses)

        specs = map(_spec, (placed.images, placed.labels, *placed.masks.values()))
        traced = tf.function(begin, jit_compile=self._xla, autograph=False)
        with self._scope():
            self._step_parts[part, placed.signature] = traced.get_concrete_function(*specs)
        return self._step_parts[part, placed.signature]

    def _backward(
        self,
        images: KerasTensor,
        labels: KerasTensor,
        masks: Mapping[str, KerasTensor],
        weights: Sequence[KerasTensor],
    ) -> tuple[KerasTensor, Sequence[KerasTensor]]:
        """Loss and gradients of the batch, or the mean of its parts'."""
        parts = self._parts(images, labels, masks)
        found = [self._loss_and_gradients(*part, weights) for part in parts]
        return found[0] if len(found) == 1 else _mean(found)

    def _loss_and_gradients(
        self,
        images: KerasTensor,
        labels: KerasTensor,
        masks: Mapping[str, KerasTensor],
        weights: Sequence[KerasTensor],
    ) -> tuple[KerasTensor, Sequence[KerasTensor]]:
        with tf.GradientTape() as tape:
            loss = self._loss(images, labels, masks)
            of = scaled(loss, self._optimizer)
        return loss, tape.gradient(of, weights)

    @cached_property
    def _optimizer(self) -> Any:  # noqa: ANN401 - a keras.Optimizer
        """Made for the first step: inference is to hold no optimiser's state."""
        with self._scope():
            rule, precision = self._setup.update_rule, self._setup.precision
            optimizer = with_scaled_loss(make_optimizer(rule, self._decayed()), precision)
            optimizer.build(self._model.trainable_variables)
        return optimizer


class IdiomaticTensorFlowSession(TensorFlowSession):
    """`benchsuite.contract.IdiomaticSession` for Keras on TensorFlow."""

    def compile(self, recipe: Recipe) -> None:
        """With Keras' own initial values."""
        self._recipe = recipe
        with self._scope():
            idiomatic.compile_model(self._model, recipe, self._setup.seed)

    def fit(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> float:
        """One epoch, shuffled; the loss is the mean that `fit` reports."""
        with self._scope():
            dataset = idiomatic.pipeline(
                images, labels, self._setup.normalizer, self._recipe.batch_size
            )
            history = self._model.fit(dataset, shuffle=False, verbose=0)  # the dataset is
        return float(history.history["loss"][-1])


def _mean(
    found: Sequence[tuple[KerasTensor, Sequence[KerasTensor]]],
) -> tuple[KerasTensor, Sequence[KerasTensor]]:
    """Of several losses with their gradients."""
    losses, gradients = zip(*found, strict=True)
    count = len(found)
    of_each = [tf.add_n(same) / count for same in zip(*gradients, strict=True)]
    return tf.add_n(losses) / count, of_each


def _spec(tensor: KerasTensor) -> Any:  # noqa: ANN401 - a tf.TensorSpec
    return tf.TensorSpec(tensor.shape, tensor.dtype)
