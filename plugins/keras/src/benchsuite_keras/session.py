"""What the sessions on all of Keras' frameworks share: only the loops differ."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from benchsuite.contract import Batch, Counts, Setup
from benchsuite.errors import UsageError
from benchsuite.graph.weights import Weights, check_weights
from benchsuite_keras.counting import count
from benchsuite_keras.floats import default_dtype
from benchsuite_keras.lowering import LoweredGraph

#: A tensor of whichever framework Keras runs on.
KerasTensor = Any

#: (dtype, seed) -> what a session holds, made in the session's own scope
MakeModel = Callable[[str, int], LoweredGraph]

DTYPES: Mapping[str, str] = {"fp32": "float32", "fp64": "float64"}


@dataclass(frozen=True, slots=True)
class PlacedBatch:
    """A batch on the device: images (N, H, W, C), uint8 or the session's dtype; labels (N,).

    signature: what a function compiled for this batch depends on.
    """

    images: KerasTensor
    labels: KerasTensor
    signature: tuple[tuple[int, ...], str]


class KerasSession(ABC):
    """`benchsuite.contract.Session` for Keras. In fp64, results are float64 throughout.

    The setup's device is one of the backend's `devices()`. Weights are Keras' own initial ones
    until `set_weights`.
    """

    def __init__(self, make: MakeModel, setup: Setup) -> None:
        self._setup = setup
        self._device = setup.device
        self._dtype = DTYPES[setup.precision]
        with self._scope():
            lowered = make(self._dtype, setup.seed)
        self.graph = lowered.graph
        self._model, self._tensors = lowered.model, lowered.tensors
        self._outputs = lowered.outputs
        self._flattened_in_place = lowered.flattened_in_place

    @property
    def native(self) -> Any:  # noqa: ANN401 - a keras.Model
        """The functional `keras.Model`: (N, H, W, C) -> (N, classes)."""
        return self._model

    def predict(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits (N, classes) of normalised images (N, H, W, C), in evaluation mode."""
        labels = np.zeros(len(images), np.int64)
        return self._to_host(self.infer(self.place(Batch(images, labels))))

    def place(self, batch: Batch) -> PlacedBatch:
        """Put a batch on the device; returns when it is there.

        Raises UsageError where the images are not what the network takes.
        """
        placed = self._transfer(batch)
        self.synchronize()
        return placed

    @abstractmethod
    def infer(self, placed: PlacedBatch) -> KerasTensor:
        """Submit the forward pass of a placed batch of normalised images."""

    def train(
        self, batches: Iterable[Batch | PlacedBatch], learning_rates: Sequence[float]
    ) -> NDArray[np.float32]:
        """Take one step per batch and return the loss before each, (steps,).

        The losses stay on the device until the last step: fetching one waits for it.
        Raises ValueError unless there is exactly one learning rate per batch.
        """
        steps = zip(batches, learning_rates, strict=True)
        with self._scope():
            losses = self._take(steps)
            return self._fetch(losses) if losses else np.zeros(0, self._dtype)

    @abstractmethod
    def synchronize(self) -> None:
        """Return when the device has finished everything submitted so far."""

    @abstractmethod
    def device_memory(self) -> int | None:
        """Peak bytes allocated on the device; None on a CPU."""

    def weights(self) -> Mapping[str, NDArray[np.floating]]:
        """A copy of every weight and buffer under its canonical name."""
        with self._scope():
            return {name: tensor.read(self._to_host) for name, tensor in self._tensors.items()}

    def set_weights(self, weights: Weights) -> None:
        """Replace every weight and buffer. Raises UsageError where names or shapes differ."""
        check_weights(self.graph, weights)
        with self._scope():
            for name, tensor in self._tensors.items():
                tensor.write(weights[name])

    def counts(self) -> Counts:
        """Parameters and MACs of the Keras model, from its own layers."""
        return count(self._model)

    def settings(self) -> Mapping[str, str]:
        """What decides speed or numbers: of the model, and as read back from the framework."""
        policy = self._model.layers[-1].dtype_policy
        return {"layout": "NHWC", "dtype_policy": str(policy.name), **self._framework_settings()}

    def close(self) -> None:
        """Free the network, its compiled functions and its optimiser."""
        for name in [name for name in vars(self) if name != "graph"]:
            delattr(self, name)

    def _decayed(self) -> list[bool]:
        """Of each of the model's trainable variables, whether the weight decay reaches it."""
        rule, weights = self._setup.update_rule, self.graph.weights
        reached = {
            id(variable)
            for name, tensor in self._tensors.items()
            if rule.decays(weights[name])
            for variable in tensor.variables
        }
        return [id(variable) in reached for variable in self._model.trainable_variables]

    @abstractmethod
    def _take(self, steps: Iterable[tuple[Batch | PlacedBatch, float]]) -> list[KerasTensor]:
        """Take each step, of a batch and its learning rate; the losses, still on the device."""

    @abstractmethod
    def _fetch(self, losses: list[KerasTensor]) -> NDArray[Any]:
        """At least one loss, brought to the host in one go: (steps,)."""

    @abstractmethod
    def _to_host(self, tensor: KerasTensor) -> NDArray[Any]:
        """A copy of a tensor as an array."""

    @abstractmethod
    def _framework_settings(self) -> Mapping[str, str]:
        """The framework's part of `settings`."""

    @abstractmethod
    def _device_scope(self) -> AbstractContextManager[Any]:
        """Where variables are made and eager operations run."""

    @abstractmethod
    def _to_device(self, array: NDArray[Any]) -> KerasTensor:
        """A copy of an array on the device, possibly still on its way."""

    @contextmanager
    def _scope(self) -> Iterator[None]:
        """The framework's and Keras' global state as this session needs it, for a while."""
        with default_dtype(self._dtype), self._device_scope():
            yield

    def _transfer(self, batch: Batch) -> PlacedBatch:
        images = batch.images
        if images.shape[1:] != self.graph.input_shape:
            wanted = ", ".join(map(str, self.graph.input_shape))
            raise UsageError(
                f"{self.graph.name} takes images of shape (N, {wanted}), got {images.shape}"
            )
        if images.dtype != np.uint8:
            images = images.astype(self._dtype, copy=False)
        return PlacedBatch(
            self._to_device(images),
            self._to_device(batch.labels),
            (images.shape, images.dtype.name),
        )

    def _placed(self, batch: Batch | PlacedBatch) -> PlacedBatch:
        """A batch for `train`, which need not wait for it to arrive."""
        return self._transfer(batch) if isinstance(batch, Batch) else batch

    def _normalized(self, images: KerasTensor) -> KerasTensor:
        """uint8 -> x · scale + shift; others are normalised already."""
        if keras.backend.standardize_dtype(images.dtype) != "uint8":
            return images
        normalizer = self._setup.normalizer
        scale = ops.convert_to_tensor(normalizer.scale, self._dtype)
        shift = ops.convert_to_tensor(normalizer.shift, self._dtype)
        return ops.cast(images, self._dtype) * scale + shift

    def _loss(self, images: KerasTensor, labels: KerasTensor) -> KerasTensor:
        """Mean cross-entropy from logits, in training mode."""
        logits = self._model(self._normalized(images), training=True)
        return mean_cross_entropy(labels, logits)


def on_or_off(value: object) -> str:
    """How a switch is written in `settings`."""
    return "on" if value else "off"


def mean_cross_entropy(labels: KerasTensor, logits: KerasTensor) -> KerasTensor:
    """Labels (N,) and logits (N, classes) -> scalar."""
    return ops.mean(ops.sparse_categorical_crossentropy(labels, logits, from_logits=True))
