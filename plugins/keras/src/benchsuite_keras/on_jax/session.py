"""A network in Keras on JAX: jitted functions, with the model's state as arguments."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import cached_property, partial
from typing import Any, Literal

import jax
import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Batch, DeviceMemory, Setup
from benchsuite.errors import UsageError
from benchsuite.graph.weights import Weights
from benchsuite_keras.floats import default_dtype
from benchsuite_keras.inspection import InspectableKerasSession
from benchsuite_keras.layers.dropout import drawn_masks
from benchsuite_keras.losses import mean_loss
from benchsuite_keras.on_jax.devices import (
    enable_x64,
    find_device,
    usable_cpus,
)
from benchsuite_keras.optimizers import make_optimizer
from benchsuite_keras.precision import with_scaled_loss
from benchsuite_keras.session import KerasTensor, MakeModel, PlacedBatch, on_or_off

#: Of float32 products, in whatever a jitted function holds.
_MATMUL_PRECISIONS = {"tf32": "tensorfloat32"}
_HIGHEST = "highest"

Values = list[KerasTensor]
#: Values of the model's trainable variables, and of its others.
State = tuple[Values, Values]
#: Tensors by the name of the dropout's layer.
Masks = dict[str, KerasTensor]
#: (images, labels, masks)
Given = tuple[KerasTensor, KerasTensor, Masks]
#: (state, slots, batch, learning rate) -> (loss, state, slots)
Step = Callable[..., tuple[KerasTensor, State, Values]]


class JaxSession(InspectableKerasSession):
    """One network in Keras on JAX.

    The state goes into the jitted functions and comes back from them; between calls the
    model's own variables hold it.
    """

    def __init__(self, make: MakeModel, setup: Setup) -> None:
        self._jax_device = find_device(setup.device)
        self._on_gpu = setup.device != "cpu"
        self._matmul_precision = matmul_precision(setup)
        #: By kind, what was submitted since the last `synchronize`.
        self._pending: dict[str, Any] = {}
        self._last_part: Any = None
        super().__init__(make, setup)
        self._forward = jax.jit(self._logits)
        self._hold(self._model_state())

    def set_weights(self, weights: Weights) -> None:
        """Replace every weight and buffer. Raises UsageError where names or shapes differ."""
        super().set_weights(weights)
        self._hold(self._model_state())

    def set_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where another session was, opened alike."""
        super().set_state(state)
        self._hold(self._model_state())

    def place(self, batch: Batch) -> PlacedBatch:
        """Put a batch on the device; weights changed by hand until then count from then on."""
        self._hold(self._model_state())
        return super().place(batch)

    def _infer(self, placed: PlacedBatch) -> KerasTensor:
        """Submit the jitted forward pass."""
        with self._numbers():
            logits = self._forward(self._state, placed.images)
        self._pending.setdefault("logits", []).append(logits)
        return logits

    def run_part(self, placed: PlacedBatch, part: Literal["forward", "backward"]) -> Any:  # noqa: ANN401 - tensors
        """Submit the beginning of a training step; see `PartedSession`.

        It waits for the one before, as steps do: JAX may run independent ones side by side.
        """
        given = placed.images, placed.labels, dict(placed.masks)
        if self._last_part is None:
            self._last_part = (self._to_device(np.zeros((), self._dtype)),)
        before = self._last_part[0]
        with self._numbers():
            self._last_part = self._step_parts[part](self._state, given, self._scale, before)
        self._pending["part"] = self._last_part
        loss, _, *gradients = self._last_part
        return (loss, *gradients) if gradients else loss

    def synchronize(self) -> None:
        """Return when all results are there: JAX may finish independent ones in any order."""
        jax.block_until_ready(self._pending)
        self._pending.clear()

    def device_memory(self) -> DeviceMemory | None:
        """What JAX's allocator handed out and held on the GPU since the process started.

        None on a CPU. Unless it is told otherwise, JAX reserves most of a GPU at once.
        """
        if not self._on_gpu:
            return None
        found = self._jax_device.memory_stats()
        pool = found.get("peak_pool_bytes")
        return DeviceMemory(found["peak_bytes_in_use"], None if pool is None else int(pool))

    def _framework_settings(self) -> Mapping[str, str]:
        return {
            "xla": "on",
            "tf32": on_or_off(self._matmul_precision != _HIGHEST),
            "matmul_precision": self._matmul_precision,
            "threads": str(usable_cpus()),
        }

    def _device_scope(self) -> AbstractContextManager[Any]:
        scope = ExitStack()
        scope.enter_context(self._numbers())
        scope.enter_context(jax.default_device(self._jax_device))
        return scope

    def _numbers(self) -> AbstractContextManager[Any]:
        """JAX turns float64 into float32 unless told otherwise."""
        return enable_x64() if self._dtype == "float64" else nullcontext()

    def _to_device(self, array: NDArray[Any]) -> KerasTensor:
        with self._numbers():
            # On a CPU JAX would share the caller's memory, which may change before it is read.
            return jax.device_put(array.copy(), self._jax_device)

    def _take(self, steps: Iterable[tuple[Batch | PlacedBatch, float]]) -> list[KerasTensor]:
        losses = []
        state, slots = self._model_state(), self._values(self._optimizer.variables)
        try:
            for batch, rate in steps:
                placed = self._placed(batch)
                given = placed.images, placed.labels, dict(placed.masks)
                loss, state, slots = self._step(state, slots, given, rate)
                losses.append(loss)
        finally:
            _assign(self._trainable, state[0])
            _assign(self._others, state[1])
            _assign(self._optimizer.variables, slots)
            self._hold(state)
        return losses

    def _fetch(self, losses: list[KerasTensor]) -> NDArray[Any]:
        return np.array(jax.device_get(losses))

    def _to_host(self, tensor: KerasTensor) -> NDArray[Any]:
        return np.array(tensor)

    def _logits(self, state: State, images: KerasTensor) -> KerasTensor:
        if images.dtype == np.uint8:
            raise UsageError("infer takes normalised float32 images, got uint8")
        with default_dtype(self._dtype), jax.default_matmul_precision(self._matmul_precision):
            logits, _ = self._model.stateless_call(*state, images, training=False)
        return logits

    def _loss_and_others(
        self, trainable: Values, others: Values, part: Given, scale: KerasTensor
    ) -> tuple[KerasTensor, tuple[KerasTensor, Values]]:
        """The loss times the scale; the loss itself, and the new values of what is not trained."""
        images, labels, masks = part
        images = self._normalized(images)
        with drawn_masks(self._dropouts, masks):
            logits, others = self._model.stateless_call(trainable, others, images, training=True)
        loss = mean_loss(labels, logits, self._setup.update_rule.focal_gamma)
        return loss * scale, (loss, others)

    def _loss_alone(
        self, state: State, batch: Given, scale: KerasTensor
    ) -> tuple[KerasTensor, Values]:
        """The mean loss, and the new values of what is not trained."""
        trainable, others = state
        losses = []
        for part in self._parts(*batch):
            with jax.default_matmul_precision(self._matmul_precision):
                _, (loss, others) = self._loss_and_others(trainable, others, part, scale)
            losses.append(loss)
        return sum(losses) / len(losses), others

    def _loss_and_gradients(
        self, state: State, batch: Given, scale: KerasTensor = 1.0
    ) -> tuple[KerasTensor, Values, Values]:
        """The mean loss, the new values of what is not trained, and the scaled mean gradients."""
        trainable, others = state
        gradient = jax.value_and_grad(self._loss_and_others, has_aux=True)
        parts, found = self._parts(*batch), []
        for part in parts:
            with jax.default_matmul_precision(self._matmul_precision):
                (_, (loss, others)), gradients = gradient(trainable, others, part, scale)
            found.append((loss, gradients))
        loss, gradients = jax.tree.map(lambda *same: sum(same) / len(parts), *found)
        return loss, others, gradients

    def _evaluate(self, model: Any, images: KerasTensor) -> Sequence[KerasTensor]:  # noqa: ANN401 - a keras.Model
        def outputs(trainable: Values, others: Values, images: KerasTensor) -> Values:
            with jax.default_matmul_precision(self._matmul_precision):
                found: Values = model.stateless_call(trainable, others, images, training=False)[0]
            return found

        variables = (model.trainable_variables, model.non_trainable_variables)
        evaluated: Values = jax.jit(outputs)(*map(self._values, variables), images)
        return evaluated

    def _differentiate(self, placed: PlacedBatch) -> tuple[KerasTensor, Sequence[KerasTensor]]:
        differentiate = jax.jit(self._loss_and_gradients)
        loss, _, gradients = differentiate(self._model_state(), (placed.images, placed.labels, {}))
        return loss, gradients

    @cached_property
    def _step(self) -> Step:
        """The jitted training step; it consumes the state and the optimiser's slots."""
        optimizer = self._optimizer
        places = {id(variable): index for index, variable in enumerate(optimizer.variables)}
        rate_at = places[id(optimizer.learning_rate)]
        scales = self._setup.precision == "fp16"
        scale_at = places[id(optimizer.dynamic_scale)] if scales else None

        def step(
            state: State, slots: Values, batch: Given, rate: KerasTensor
        ) -> tuple[KerasTensor, State, Values]:
            scale = 1.0 if scale_at is None else slots[scale_at]
            loss, others, gradients = self._loss_and_gradients(state, batch, scale)
            # of the slot's own type: a Python number's is another, to be compiled for again
            slots[rate_at] = jax.numpy.asarray(rate, slots[rate_at].dtype)
            trainable, slots = optimizer.stateless_apply(slots, gradients, state[0])
            return loss, (trainable, others), slots

        jitted: Step = jax.jit(step, donate_argnums=(0, 1))
        return jitted

    @cached_property
    def _step_parts(self) -> Mapping[str, Callable[..., Any]]:
        """Jitted, with everything that they compute as results: nothing can be optimised away."""
        begins = {"forward": self._loss_alone, "backward": self._loss_and_gradients}

        def run(begin: Any, state: State, batch: Given, scale: Any, _: Any) -> Any:  # noqa: ANN401 - tensors
            with default_dtype(self._dtype):
                return begin(state, batch, 1.0 if scale is None else scale)

        return {n: jax.jit(partial(run, begin), keep_unused=True) for n, begin in begins.items()}

    @property
    def _scale(self) -> KerasTensor | None:
        """What the loss is multiplied by in fp16."""
        return self._optimizer.dynamic_scale.value if self._setup.precision == "fp16" else None

    @cached_property
    def _optimizer(self) -> Any:  # noqa: ANN401 - a keras.Optimizer
        """Made for the first step: inference is to hold no optimiser's state."""
        rule = self._setup.update_rule
        optimizer = with_scaled_loss(make_optimizer(rule, self._decayed()), self._setup.precision)
        optimizer.build(self._trainable)
        return optimizer

    @cached_property
    def _trainable(self) -> list[Any]:
        return list(self._model.trainable_variables)

    @cached_property
    def _others(self) -> list[Any]:
        return list(self._model.non_trainable_variables)

    def _hold(self, state: State) -> None:
        """Go on from these values; they may still be on their way."""
        self._state = self._pending["state"] = state

    def _model_state(self) -> State:
        return self._values(self._trainable), self._values(self._others)

    def _values(self, variables: Iterable[Any]) -> Values:
        """Bound to the device, as results are: JAX compiles once more for those that are not."""
        values: Values = jax.device_put(
            [variable.value for variable in variables], self._jax_device
        )
        return values


def matmul_precision(setup: Setup) -> str:
    """JAX's word for how float32 is multiplied."""
    return _MATMUL_PRECISIONS.get(setup.precision, _HIGHEST)


def _assign(variables: Iterable[Any], values: Values) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
