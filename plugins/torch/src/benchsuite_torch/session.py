"""One network in PyTorch, on one device."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchsuite.contract import Batch, Counts, DeviceMemory, Setup
from benchsuite.graph import Graph
from benchsuite.graph.weights import Weights, check_weights
from benchsuite_torch import inspection, resuming, state
from benchsuite_torch.compilation import compiled
from benchsuite_torch.counting import count
from benchsuite_torch.devices import synchronize
from benchsuite_torch.placing import PlacedBatch, Placing
from benchsuite_torch.precision import autocast, computes_in_half, weight_dtype
from benchsuite_torch.steps import TrainingStep

_WEIGHT = "weight/"


class TorchSession:
    """`benchsuite.contract`'s `InspectableSession`, `LoopingSession` and `PartedSession`.

    In fp64, results are float64 throughout.
    """

    def __init__(
        self,
        graph: Graph,
        module: Any,  # noqa: ANN401 - a torch.fx.GraphModule
        setup: Setup,
    ) -> None:
        self.graph = graph
        self._setup = setup
        self._device = torch.device(setup.device)
        self._dtype = weight_dtype(setup.precision)
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
        self._channels_last = setup.tier == "native+layout"
        self._module = module.to(self._device, self._dtype).eval()
        if self._channels_last:
            self._module = self._module.to(memory_format=torch.channels_last)
        self._placing = Placing(self._module, self._device, self._dtype, self._channels_last)
        # As a module written by hand is called: torch.fx wraps calls once more, for its errors,
        # which is 2 % of LeNet-5.
        self._forward_pass = (
            compiled(self._module)
            if setup.tier == "compiled"
            else partial(nn.Module.__call__, self._module)
        )
        self._in_half = computes_in_half(setup.precision)
        self._autocast = autocast(setup.precision, self._device)
        # One guard, entered again by every call: a new one would cost 0.5 % of LeNet-5.
        self._inference_mode = torch.inference_mode()
        self._waits = self._device.type in ("cuda", "mps")
        torch.manual_seed(setup.seed)

    @property
    def native(self) -> Any:  # noqa: ANN401 - a torch.fx.GraphModule
        """The `torch.fx.GraphModule`: (N, C, H, W) -> (N, classes)."""
        return self._module

    def predict(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits (N, classes) of normalised images (N, H, W, C), in evaluation mode."""
        logits: NDArray[np.float32] = self._forward(self._placing.images(images)).cpu().numpy()
        return logits

    def place(self, batch: Batch) -> PlacedBatch:
        """Put a batch on the device; returns when it is there."""
        placed = self._placing.batch(batch)
        self.synchronize()
        return placed

    def infer(self, placed: PlacedBatch) -> Any:  # noqa: ANN401 - a tensor of logits
        """Submit the forward pass of a placed batch of normalised images."""
        return self._forward(placed.images)

    @contextmanager
    def inferring(self) -> Iterator[Callable[[PlacedBatch], Any]]:
        """`infer` in a loop that enters inference mode, and half precision, once."""
        self._leave_training()
        # guards of its own: those of `infer` cannot be entered twice at a time
        with torch.inference_mode(), autocast(self._setup.precision, self._device):
            yield lambda placed: self._as_weights(self._forward_pass(placed.images))

    def train(
        self, batches: Iterable[Batch | PlacedBatch], learning_rates: Sequence[float]
    ) -> NDArray[np.float32]:
        """Take one step per batch and return the loss before each, (steps,).

        The losses stay on the device until the last step: fetching one waits for it.
        Raises ValueError unless there is exactly one learning rate per batch.
        """
        self._enter_training()
        losses = [
            self._step(batch, rate) for batch, rate in zip(batches, learning_rates, strict=True)
        ]
        fetched: NDArray[np.float32] = torch.stack(losses).cpu().numpy()
        return fetched

    def run_part(self, placed: PlacedBatch, part: Literal["forward", "backward"]) -> Any:  # noqa: ANN401 - tensors
        """Submit the beginning of a training step; see `PartedSession`."""
        self._enter_training()
        given, step = (placed.images, placed.labels, placed.masks), self._training_step
        if part == "forward":
            return step.forward(*given)
        return step.backward(*given), step.gradients

    def synchronize(self) -> None:
        """Return when the device has finished; on a CPU, PyTorch returns no sooner anyway."""
        if self._waits:
            synchronize(self._device)

    def weights(self) -> Mapping[str, NDArray[np.floating]]:
        """A copy of every weight and buffer under its canonical name."""
        return state.extract(self._module, self.graph.weights)

    def set_weights(self, weights: Weights) -> None:
        """Replace every weight and buffer. Raises UsageError where names or shapes differ."""
        check_weights(self.graph, weights)
        state.replace(self._module, weights)

    def averaged_weights(self) -> Mapping[str, NDArray[np.floating]]:
        """Moving averages of what is trained, and buffers as they are."""
        own, average = self.weights(), self._training_step.average
        if average is None:
            return own
        return {**own, **{n: a.cpu().numpy().copy() for n, a in average.values.items()}}

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Everything that the next step depends on."""
        further = resuming.extract(self._training_step, self._device)
        return {**{f"{_WEIGHT}{n}": a for n, a in self.weights().items()}, **further}

    def set_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where another session was, opened alike."""
        named = {n.removeprefix(_WEIGHT): a for n, a in state.items() if n.startswith(_WEIGHT)}
        self.set_weights(named)
        resuming.restore(self._training_step, state, self._device)

    def activations(self, images: NDArray[np.float32]) -> Mapping[str, NDArray[np.floating]]:
        """What every node yields in evaluation mode, by its name; see `InspectableSession`."""
        placed = self._placing.images(images)
        source = self.graph.nodes[0].name
        found = {source: inspection.to_numpy(placed)}
        self._module.eval()
        with self._inference_mode, self._autocast:
            found.update(inspection.activations(self._module, placed))
        return {node.name: found[node.name] for node in self.graph.nodes}

    def gradients(
        self, batch: Batch
    ) -> tuple[NDArray[np.floating], Mapping[str, NDArray[np.floating]]]:
        """The loss of a batch in training mode, and its gradients; see `InspectableSession`."""
        placed = self._placing.batch(batch)
        was_training = self._module.training
        self._module.train()
        try:
            images = self._normalized(placed.images)
            gamma = self._setup.update_rule.focal_gamma
            with self._autocast:
                return inspection.loss_and_gradients(self._module, images, placed.labels, gamma)
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
            "layout": "NHWC" if self._channels_last else "NCHW",
            "mode": "inductor" if self._setup.tier == "compiled" else "eager",
            "autocast": str(getattr(self._autocast, "fast_dtype", "off")),
            "threads": str(torch.get_num_threads()),
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
            "matmul_precision": torch.get_float32_matmul_precision(),
            "cudnn_tf32": str(torch.backends.cudnn.allow_tf32),
            "cudnn_benchmark": str(torch.backends.cudnn.benchmark),
        }

    def device_memory(self) -> DeviceMemory | None:
        """What PyTorch's allocator handed out and held on a CUDA device; None elsewhere."""
        if self._device.type != "cuda":
            return None
        allocated = torch.cuda.max_memory_allocated(self._device)
        return DeviceMemory(int(allocated), int(torch.cuda.max_memory_reserved(self._device)))

    def close(self) -> None:
        """Free the network, and what PyTorch's allocator keeps on the device."""
        self.__dict__.pop("_training_step", None)
        # fx's modules refer to themselves: left to the garbage collector, weights would stay.
        self._module.to("meta")
        del self._module, self._forward_pass, self._placing
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _enter_training(self) -> None:
        if not self._module.training:  # a switch walks over all modules: only when needed
            self._module.train()

    def _leave_training(self) -> None:
        if self._module.training:
            self._module.eval()

    def _forward(self, images: Any) -> Any:  # noqa: ANN401 - tensors
        self._leave_training()
        with self._inference_mode:
            return self._logits(images)

    def _logits(self, images: Any) -> Any:  # noqa: ANN401 - tensors
        """Of normalised images, in the precision of the weights."""
        if not self._in_half:  # even a context that does nothing takes microseconds
            return self._forward_pass(images)
        with self._autocast:
            logits = self._forward_pass(images)
        return self._as_weights(logits)

    def _as_weights(self, logits: Any) -> Any:  # noqa: ANN401 - tensors
        return logits if logits.dtype == self._dtype else logits.to(self._dtype)

    def _step(self, batch: Batch | PlacedBatch, learning_rate: float) -> Any:  # noqa: ANN401
        placed = self._placing.batch(batch) if isinstance(batch, Batch) else batch
        return self._training_step(placed.images, placed.labels, placed.masks, learning_rate)

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
    def _training_step(self) -> TrainingStep:
        """Made for the first step: PyTorch's optimisers take a second to import."""
        return TrainingStep(
            self.graph,
            self._module,
            lambda images: self._logits(self._normalized(images)),
            self._setup,
        )
