"""Keras on PyTorch: the eager model, and PyTorch's own multi-tensor updates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any, Literal

import keras
import numpy as np
import torch
from numpy.typing import NDArray

from benchsuite.contract import Batch, DeviceMemory, Setup
from benchsuite.errors import UnsupportedError, UsageError
from benchsuite_keras.backend import Arrays, KerasBackend
from benchsuite_keras.inspection import InspectableKerasSession
from benchsuite_keras.on_torch.ceilings import TorchWorkload, copied, multiplied
from benchsuite_keras.on_torch.devices import synchronize
from benchsuite_keras.on_torch.optimizers import make_optimizer
from benchsuite_keras.precision import compute_dtype, rule_optimizer, scaled, with_scaled_loss
from benchsuite_keras.session import KerasTensor, MakeModel, PlacedBatch, on_or_off

_STEPS = "steps"


class TorchBackend(KerasBackend):
    """Keras on PyTorch."""

    name = "keras-torch"
    #: Keras compiles nothing on PyTorch: `keras.Model.compile`, `jit_compile`.
    tiers = ("native", "native+layout", "user_api")

    def versions(self) -> Mapping[str, str]:
        """Keras' version, PyTorch's, and CUDA's and cuDNN's where it was built with them."""
        on_gpus = {"cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}
        return {
            "keras": keras.__version__,
            "torch": torch.__version__,
            **{name: str(version) for name, version in on_gpus.items() if version is not None},
        }

    def _accelerators(self) -> Sequence[str]:
        cuda = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
        return [*cuda, *(["mps"] if torch.backends.mps.is_available() else [])]

    def _accelerator_name(self, device: str) -> str:
        return "Apple GPU" if device == "mps" else str(torch.cuda.get_device_name(device))

    def _configure(self, setup: Setup) -> None:
        if setup.device == "mps" and setup.precision == "fp64":
            raise UnsupportedError("device 'mps' has no precision 'fp64': use fp32, or the cpu")
        tf32 = setup.precision == "tf32"
        torch.set_float32_matmul_precision("high" if tf32 else "highest")
        torch.backends.cudnn.allow_tf32 = tf32
        torch.backends.cudnn.benchmark = False
        if setup.threads is not None:
            torch.set_num_threads(setup.threads)

    def _product(self, setup: Setup, factors: Arrays) -> TorchWorkload:
        return TorchWorkload(multiplied, factors, compute_dtype(setup.precision), setup.device)

    def _copy(self, setup: Setup, source: Arrays) -> TorchWorkload:
        return TorchWorkload(copied, source, compute_dtype(setup.precision), setup.device)

    def _session(self, make: MakeModel, setup: Setup) -> TorchSession:
        return TorchSession(make, setup)


class TorchSession(InspectableKerasSession):
    """One network in Keras on PyTorch."""

    def __init__(self, make: MakeModel, setup: Setup) -> None:
        self._on_cuda = setup.device.startswith("cuda")
        if self._on_cuda:
            torch.cuda.reset_peak_memory_stats(setup.device)
        super().__init__(make, setup)

    def _infer(self, placed: PlacedBatch) -> KerasTensor:
        """Submit the forward pass, without gradients."""
        if placed.images.dtype == torch.uint8:
            raise UsageError("infer takes normalised float32 images, got uint8")
        with self._scope(), torch.inference_mode():
            return self._model(placed.images, training=False)

    def run_part(self, placed: PlacedBatch, part: Literal["forward", "backward"]) -> Any:  # noqa: ANN401 - tensors
        """Submit the beginning of a training step; see `PartedSession`."""
        with self._scope():
            if part == "forward":
                parts = self._parts(placed.images, placed.labels, placed.masks)
                return _mean([self._loss(*each).detach() for each in parts])
            loss = self._backward(placed)
            return loss, [parameter.grad for parameter in self._parameters]

    def synchronize(self) -> None:
        """Return when the device has finished."""
        synchronize(self._device)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Everything that the next step depends on."""
        return {**super().state(), _STEPS: np.array(rule_optimizer(self._optimizer).steps)}

    def set_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where another session was, opened alike."""
        super().set_state(state)
        rule_optimizer(self._optimizer).steps = int(state[_STEPS])

    def device_memory(self) -> DeviceMemory | None:
        """What PyTorch's allocator handed out and held on a CUDA device; None elsewhere."""
        if not self._on_cuda:
            return None
        allocated = torch.cuda.max_memory_allocated(self._device)
        return DeviceMemory(int(allocated), int(torch.cuda.max_memory_reserved(self._device)))

    def _framework_settings(self) -> Mapping[str, str]:
        return {
            "tf32": on_or_off(
                torch.get_float32_matmul_precision() != "highest" or torch.backends.cudnn.allow_tf32
            ),
            "cudnn_benchmark": on_or_off(torch.backends.cudnn.benchmark),
            "threads": str(torch.get_num_threads()),
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        }

    def _device_scope(self) -> AbstractContextManager[Any]:
        scope: AbstractContextManager[Any] = keras.device(self._device)
        return scope

    def _to_device(self, array: NDArray[Any]) -> KerasTensor:
        return torch.tensor(np.ascontiguousarray(array), device=self._device)

    def _take(self, steps: Iterable[tuple[Batch | PlacedBatch, float]]) -> list[KerasTensor]:
        return [self._step(self._placed(batch), rate) for batch, rate in steps]

    def _fetch(self, losses: list[KerasTensor]) -> NDArray[Any]:
        return self._to_host(torch.stack(losses))

    def _to_host(self, tensor: KerasTensor) -> NDArray[Any]:
        is_bf16 = tensor.dtype == torch.bfloat16  # which NumPy does not know
        return np.array((tensor.float() if is_bf16 else tensor).detach().cpu().numpy())

    def _evaluate(self, model: Any, images: KerasTensor) -> Sequence[KerasTensor]:  # noqa: ANN401 - a keras.Model
        with torch.inference_mode():
            outputs: Sequence[KerasTensor] = model(images, training=False)
        return outputs

    def _differentiate(self, placed: PlacedBatch) -> tuple[KerasTensor, Sequence[KerasTensor]]:
        loss = self._loss(placed.images, placed.labels, placed.masks)
        return loss, torch.autograd.grad(loss, self._parameters)

    def _step(self, placed: PlacedBatch, learning_rate: float) -> KerasTensor:
        loss = self._backward(placed)
        rule_optimizer(self._optimizer).rate = learning_rate
        self._optimizer.apply([parameter.grad for parameter in self._parameters])
        return loss

    def _backward(self, placed: PlacedBatch) -> KerasTensor:
        """Gradients of the batch, or the mean of its parts'; the loss likewise."""
        for parameter in self._parameters:
            parameter.grad = None
        parts = self._parts(placed.images, placed.labels, placed.masks)
        losses = []
        for part in parts:
            loss = self._loss(*part)
            mean = loss / len(parts) if len(parts) > 1 else loss
            scaled(mean, self._optimizer).backward()
            losses.append(loss.detach())
        return _mean(losses)

    @cached_property
    def _parameters(self) -> list[KerasTensor]:
        """PyTorch's own parameters, in the order in which the optimiser was built on them."""
        return [variable.value for variable in self._model.trainable_variables]

    @cached_property
    def _optimizer(self) -> Any:  # noqa: ANN401 - a keras.Optimizer
        """Made for the first step: inference is to hold no optimiser's state."""
        rule = self._setup.update_rule
        optimizer = with_scaled_loss(make_optimizer(rule, self._decayed()), self._setup.precision)
        optimizer.build(self._model.trainable_variables)
        return optimizer


def _mean(losses: list[KerasTensor]) -> KerasTensor:
    return losses[0] if len(losses) == 1 else torch.stack(losses).mean()
