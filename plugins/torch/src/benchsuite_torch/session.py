"""One network in PyTorch, on one device."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from benchsuite.contract import Batch, Counts, Setup
from benchsuite.graph import Graph
from benchsuite.graph.weights import Weights, check_weights
from benchsuite_torch import inspection, state
from benchsuite_torch.counting import count
from benchsuite_torch.optimizers import make_optimizer


@dataclass(frozen=True, slots=True)
class PlacedBatch:
    """A batch on the device: images (N, C, H, W), contiguous, and labels (N,)."""

    images: Any
    labels: Any


class TorchSession:
    """`benchsuite.contract.InspectableSession` for PyTorch.

    In fp64, results are float64 throughout.
    """

    def __init__(
        self,
        graph: Graph,
        module: Any,  # noqa: ANN401 - a torch.fx.GraphModule
        setup: Setup,
        dtype: Any,  # noqa: ANN401 - a torch.dtype
    ) -> None:
        self.graph = graph
        self._setup = setup
        self._device = torch.device(setup.device)
        self._dtype = dtype
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
        self._module = module.to(self._device, dtype).eval()
        # One guard, entered again by every call: a new one would cost 0.5 % of LeNet-5.
        self._inference_mode = torch.inference_mode()
        torch.manual_seed(setup.seed)

    @property
    def native(self) -> Any:  # noqa: ANN401 - a torch.fx.GraphModule
        """The `torch.fx.GraphModule`: (N, C, H, W) -> (N, classes)."""
        return self._module

    def predict(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits (N, classes) of normalised images (N, H, W, C), in evaluation mode."""
        logits: NDArray[np.float32] = self._forward(self._images(images)).cpu().numpy()
        return logits

    def place(self, batch: Batch) -> PlacedBatch:
        """Put a batch on the device; returns when it is there."""
        placed = self._place(batch)
        self.synchronize()
        return placed

    def infer(self, placed: PlacedBatch) -> Any:  # noqa: ANN401 - a tensor of logits
        """Submit the forward pass of a placed batch of normalised images."""
        return self._forward(placed.images)

    def train(
        self, batches: Iterable[Batch | PlacedBatch], learning_rates: Sequence[float]
    ) -> NDArray[np.float32]:
        """Take one step per batch and return the loss before each, (steps,).

        The losses stay on the device until the last step: fetching one waits for it.
        Raises ValueError unless there is exactly one learning rate per batch.
        """
        if not self._module.training:
            self._module.train()
        losses = [
            self._step(batch, rate) for batch, rate in zip(batches, learning_rates, strict=True)
        ]
        fetched: NDArray[np.float32] = torch.stack(losses).cpu().numpy()
        return fetched

    def synchronize(self) -> None:
        """Return when the device has finished; on a CPU, PyTorch returns no sooner anyway."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        elif self._device.type == "mps":
            torch.mps.synchronize()

    def weights(self) -> Mapping[str, NDArray[np.floating]]:
        """A copy of every weight and buffer under its canonical name."""
        return state.extract(self._module, self.graph.weights)

    def set_weights(self, weights: Weights) -> None:
        """Replace every weight and buffer. Raises UsageError where names or shapes differ."""
        check_weights(self.graph, weights)
        state.replace(self._module, weights)

    def activations(self, images: NDArray[np.float32]) -> Mapping[str, NDArray[np.floating]]:
        """What every node yields in evaluation mode, by its name; see `InspectableSession`."""
        placed = self._images(images)
        source = self.graph.nodes[0].name
        found = {source: inspection.to_numpy(placed)}
        self._module.eval()
        with self._inference_mode:
            found.update(inspection.activations(self._module, placed))
        return {node.name: found[node.name] for node in self.graph.nodes}

    def gradients(
        self, batch: Batch
    ) -> tuple[NDArray[np.floating], Mapping[str, NDArray[np.floating]]]:
        """The loss of a batch in training mode, and its gradients; see `InspectableSession`."""
        placed = self._place(batch)
        was_training = self._module.training
        self._module.train()
        try:
            images = self._normalized(placed.images)
            return inspection.loss_and_gradients(self._module, images, placed.labels)
        finally:
            self._module.train(was_training)

    def counts(self) -> Counts:
        """Parameters and MACs of the module, by fvcore."""
        self._module.eval()
        height, width, channels = self.graph.input_shape
        image = torch.zeros((1, channels, height, width), dtype=self._dtype, device=self._device)
        return count(self._module, image)

    def settings(self) -> Mapping[str, str]:
        """What decides PyTorch's speed and numbers, read back from its flags."""
        return {
            "layout": "NCHW",
            "mode": "eager",
            "threads": str(torch.get_num_threads()),
            "matmul_precision": torch.get_float32_matmul_precision(),
            "cudnn_tf32": str(torch.backends.cudnn.allow_tf32),
            "cudnn_benchmark": str(torch.backends.cudnn.benchmark),
        }

    def device_memory(self) -> int | None:
        """Peak bytes that PyTorch's allocator handed out on a CUDA device; None elsewhere."""
        if self._device.type != "cuda":
            return None
        return int(torch.cuda.max_memory_allocated(self._device))

    def close(self) -> None:
        """Free the network, and what PyTorch's allocator keeps on the device."""
        self.__dict__.pop("_optimizer", None)
        # fx's modules refer to themselves: left to the garbage collector, weights would stay.
        self._module.to("meta")
        del self._module
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _forward(self, images: Any) -> Any:  # noqa: ANN401 - tensors
        if self._module.training:  # a switch walks over all modules: only when needed
            self._module.eval()
        with self._inference_mode:
            return self._module(images)

    def _images(self, images: NDArray[Any]) -> Any:  # noqa: ANN401 - a tensor
        """(N, H, W, C) on the host -> (N, C, H, W) on the device; uint8 stays uint8."""
        tensor = torch.tensor(np.ascontiguousarray(images), device=self._device)
        if tensor.is_floating_point():
            tensor = tensor.to(self._dtype)
        return tensor.permute(0, 3, 1, 2).contiguous()

    def _place(self, batch: Batch) -> PlacedBatch:
        labels = torch.tensor(np.ascontiguousarray(batch.labels), device=self._device)
        return PlacedBatch(self._images(batch.images), labels)

    def _step(self, batch: Batch | PlacedBatch, learning_rate: float) -> Any:  # noqa: ANN401
        placed = self._place(batch) if isinstance(batch, Batch) else batch
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        self._optimizer.zero_grad(set_to_none=True)
        loss = cross_entropy(self._module(self._normalized(placed.images)), placed.labels)
        loss.backward()
        self._optimizer.step()
        return loss.detach()

    def _normalized(self, images: Any) -> Any:  # noqa: ANN401 - tensors (N, C, H, W)
        """uint8 -> x · scale + shift; others are normalised already."""
        if images.dtype != torch.uint8:
            return images
        scale, shift = self._scale_and_shift
        return images.to(self._dtype).mul_(scale).add_(shift)

    @cached_property
    def _scale_and_shift(self) -> tuple[Any, Any]:
        normalizer = self._setup.normalizer
        scale, shift = (
            torch.tensor(values, dtype=self._dtype, device=self._device).reshape(-1, 1, 1)
            for values in (normalizer.scale, normalizer.shift)
        )
        return scale, shift

    @cached_property
    def _optimizer(self) -> Any:  # noqa: ANN401 - a torch.optim.Optimizer
        """Made for the first step: PyTorch's optimisers take a second to import."""
        return make_optimizer(self._setup.update_rule, self.graph, self._module)
