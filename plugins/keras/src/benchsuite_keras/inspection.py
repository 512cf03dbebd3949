"""Sessions that show their inside: what every node yields, and every weight's gradient."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Batch
from benchsuite_keras.session import KerasSession, KerasTensor, PlacedBatch
from benchsuite_keras.tensors import Array, channel_major


class InspectableKerasSession(KerasSession):
    """`benchsuite.contract.InspectableSession` for Keras."""

    def activations(self, images: NDArray[np.float32]) -> Mapping[str, NDArray[np.floating]]:
        """What every node yields in evaluation mode, by the node's name, the batch first.

        For normalised images (N, H, W, C); a flattened image is channel-major, as in the graph.
        """
        placed = self.place(Batch(images, np.zeros(len(images), np.int64)))
        with self._scope():
            outputs = self._evaluate(self._revealing_model, placed.images)
            return {
                name: self._in_graph_order(name, self._to_host(output))
                for name, output in zip(self._outputs, outputs, strict=True)
            }

    def gradients(
        self, batch: Batch
    ) -> tuple[NDArray[np.floating], Mapping[str, NDArray[np.floating]]]:
        """The loss of one batch in training mode, and its gradient by each trainable weight.

        By canonical name and in PyTorch's layout. Weights, running statistics, random streams
        and the optimiser's state stay as they were.
        """
        placed = self.place(batch)
        with self._scope():
            others = self._model.non_trainable_variables
            before = [self._to_host(variable.value) for variable in others]
            try:
                loss, gradients = self._differentiate(placed)
            finally:
                for variable, value in zip(others, before, strict=True):
                    variable.assign(value)
            arrays = [self._to_host(gradient) for gradient in gradients]
            return self._to_host(loss), self._by_canonical_name(arrays)

    @abstractmethod
    def _evaluate(self, model: Any, images: KerasTensor) -> Sequence[KerasTensor]:  # noqa: ANN401 - a keras.Model
        """The outputs of a model that shares this session's layers, in evaluation mode."""

    @abstractmethod
    def _differentiate(self, placed: PlacedBatch) -> tuple[KerasTensor, Sequence[KerasTensor]]:
        """The loss, and its gradient by each of the model's trainable variables.

        May move the variables that are not trainable: the caller puts them back.
        """

    @cached_property
    def _revealing_model(self) -> Any:  # noqa: ANN401 - a keras.Model
        """The native model's own layers, with every node's output as an output."""
        return keras.Model(self._model.inputs, list(self._outputs.values()))

    def _in_graph_order(self, name: str, output: Array) -> Array:
        output = output.astype(self._dtype, copy=False)
        image = self._flattened_in_place.get(name)
        return output if image is None else channel_major(output, image)

    def _by_canonical_name(self, gradients: Sequence[Array]) -> dict[str, Array]:
        variables = self._model.trainable_variables
        of = {id(v): gradient for v, gradient in zip(variables, gradients, strict=True)}
        return {
            name: np.asarray(tensor.to_canonical([of[id(v)] for v in tensor.variables]), order="C")
            for name, tensor in self._tensors.items()
            if self.graph.weights[name].trainable
        }
