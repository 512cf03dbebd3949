"""What the sessions on all of Keras' frameworks share: only the loops differ."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from benchsuite.contract import Batch, Counts, DeviceMemory, Setup
from benchsuite.errors import UsageError
from benchsuite.graph.weights import Weights, check_weights
from benchsuite_keras.counting import count
from benchsuite_keras.floats import default_dtype
from benchsuite_keras.layers.dropout import Dropout, drawn_masks
from benchsuite_keras.losses import mean_loss
from benchsuite_keras.lowering import LoweredGraph
from benchsuite_keras.ops.call import layer_name
from benchsuite_keras.precision import POLICIES, rule_optimizer, weight_dtype
from benchsuite_keras.tensors import channels_last

#: A tensor of whichever framework Keras runs on.
KerasTensor = Any

#: (dtype policy, seed) -> what a session holds, made in the session's own scope
MakeModel = Callable[[str, int], LoweredGraph]


@dataclass(frozen=True, slots=True)
class PlacedBatch:
    """A batch on the device: images (N, H, W, C), uint8 or the session's dtype.

    labels: (N,), or (N, classes) of the session's dtype.
    masks: by the name of the dropout's layer, in the layout of its input.
    signature: what a function compiled for this batch depends on.
    """

    images: KerasTensor
    labels: KerasTensor
    masks: Mapping[str, KerasTensor]
    signature: tuple[object, ...]


class KerasSession(ABC):
    """`benchsuite.contract.Session` for Keras. In fp64, results are float64 throughout.

    The setup's device is one of the backend's `devices()`. Weights are Keras' own initial ones
    until `set_weights`.
    """

    def __init__(self, make: MakeModel, setup: Setup) -> None:
        self._setup = setup
        self._device = setup.device
        policy = POLICIES[setup.precision]
        self._dtype = weight_dtype(policy)
        with self._scope():
            lowered = make(policy, setup.seed)
        self.graph = lowered.graph
        self._model, self._tensors = lowered.model, lowered.tensors
        self._outputs = lowered.outputs
        self._flattened_in_place = lowered.flattened_in_place
        self._dropouts = [layer for layer in self._model.layers if isinstance(layer, Dropout)]

    @property
    def native(self) -> Any:  # noqa: ANN401 - a keras.Model
        """The functional `keras.Model`: (N, H, W, C) -> (N, classes)."""
        return self._model

    def predict(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits (N, classes) of normalised images (N, H, W, C), in evaluation mode."""
        labels = np.zeros(len(images), np.int64)
        logits = self.infer(self.place(Batch(images, labels)))
        return logits if isinstance(logits, np.ndarray) else self._to_host(logits)

    def place(self, batch: Batch) -> PlacedBatch:
        """Put a batch on the device; returns when it is there.

        Raises UsageError where the images are not what the network takes.
        """
        placed = self._transfer(batch)
        self.synchronize()
        return placed

    def infer(self, placed: PlacedBatch) -> KerasTensor:
        """Submit the forward pass of a placed batch of normalised images.

        In the tier `user_api` by `Model.predict`, whose result is an array. Raises UsageError
        for images that are not normalised.
        """
        if self._setup.tier != "user_api":
            return self._infer(placed)
        with self._scope(), warnings.catch_warnings():
            # On PyTorch, Keras takes arrays out of tensors in a way that NumPy has deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            return self._model.predict(placed.images, batch_size=placed.images.shape[0], verbose=0)

    @abstractmethod
    def _infer(self, placed: PlacedBatch) -> KerasTensor:
        """As `infer`, in the framework's own loop."""

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
    def device_memory(self) -> DeviceMemory | None:
        """Peaks of the framework's allocator on the device; None on a CPU."""

    def weights(self) -> Mapping[str, NDArray[np.floating]]:
        """A copy of every weight and buffer under its canonical name."""
        with self._scope():
            return {
                name: tensor.read(lambda variable: self._to_host(variable.value))
                for name, tensor in self._tensors.items()
            }

    def averaged_weights(self) -> Mapping[str, NDArray[np.floating]]:
        """Moving averages of what is trained, and buffers as they are."""
        with self._scope():
            averages = self._averages()
            return {
                name: tensor.read(lambda v: self._to_host(averages.get(id(v), v).value))
                for name, tensor in self._tensors.items()
            }

    def set_weights(self, weights: Weights) -> None:
        """Replace every weight and buffer. Raises UsageError where names or shapes differ."""
        check_weights(self.graph, weights)
        with self._scope():
            for name, tensor in self._tensors.items():
                tensor.write(weights[name])

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Everything that the next step depends on; dropouts' seeds are the model's variables."""
        with self._scope():
            return {name: self._to_host(v.value) for name, v in self._state_variables().items()}

    def set_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where another session was, opened alike."""
        with self._scope():
            for name, variable in self._state_variables().items():
                variable.assign(state[name])

    def _state_variables(self) -> dict[str, Any]:
        of_model, of_optimizer = self._model.variables, self._optimizer.variables
        return {
            **{f"model/{index}": variable for index, variable in enumerate(of_model)},
            **{f"optimizer/{index}": variable for index, variable in enumerate(of_optimizer)},
        }

    def counts(self) -> Counts:
        """Parameters and MACs of the Keras model, from its own layers."""
        return count(self._model)

    def settings(self) -> Mapping[str, str]:
        """What decides speed or numbers: of the model, and as read back from the framework."""
        policy = self._model.layers[1].dtype_policy
        return {"layout": "NHWC", "dtype_policy": str(policy.name), **self._framework_settings()}

    def close(self) -> None:
        """Free the network, its compiled functions and its optimiser."""
        for name in [name for name in vars(self) if name != "graph"]:
            delattr(self, name)

    def _averages(self) -> Mapping[int, Any]:
        """By the id of a trainable variable, the one that holds its moving average."""
        return {
            id(variable): average
            for variable, average in rule_optimizer(self._optimizer).averaged()
        }

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

    @property
    @abstractmethod
    def _optimizer(self) -> Any:  # noqa: ANN401 - a keras.Optimizer
        """Of the update rule, built; it may be within one that scales the loss."""

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
        labels = batch.labels
        if labels.dtype != np.int64:
            labels = labels.astype(self._dtype, copy=False)
        masks = {layer_name(n): self._to_device(self._own(n, m)) for n, m in batch.masks.items()}
        return PlacedBatch(
            self._to_device(images),
            self._to_device(labels),
            masks,
            (images.shape, images.dtype.name, labels.shape, *masks),
        )

    def _own(self, name: str, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """A mask in the order of the dropout's input: a flattened image may keep Keras' own."""
        image = self._flattened_in_place.get(name)
        return mask if image is None or mask.ndim == 1 else channels_last(mask, image)

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

    def _loss(
        self, images: KerasTensor, labels: KerasTensor, masks: Mapping[str, KerasTensor]
    ) -> KerasTensor:
        """The mean loss from logits, in training mode."""
        with drawn_masks(self._dropouts, masks):
            logits = self._model(self._normalized(images), training=True)
        return mean_loss(labels, logits, self._setup.update_rule.focal_gamma)

    def _parts(
        self, images: KerasTensor, labels: KerasTensor, masks: Mapping[str, KerasTensor]
    ) -> list[tuple[KerasTensor, KerasTensor, dict[str, KerasTensor]]]:
        """A batch's micro-batches, in order."""
        size = images.shape[0] // self._setup.update_rule.micro_batches
        cuts = [slice(start, start + size) for start in range(0, images.shape[0], size)]
        return [(images[c], labels[c], {n: mask[c] for n, mask in masks.items()}) for c in cuts]


def on_or_off(value: object) -> str:
    """How a switch is written in `settings`."""
    return "on" if value else "off"
