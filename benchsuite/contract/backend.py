"""What a framework's plugin implements: a Backend that opens Sessions.

`benchsuite.testing.conformance` tests any backend against this contract.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract.training import Normalizer, UpdateRule
from benchsuite.graph import Graph


@dataclass(frozen=True, slots=True)
class Batch:
    """Images and their classes, made by the core.

    images: (N, H, W, C), uint8, to be normalised on the device, or float32, normalised.
    labels: (N,) int64, or (N, classes) float32: how much an image counts as each class. The
        rows' sums need not be one; the loss is the mean over images either way.
    masks: which of a dropout's inputs stay, by the node's name, (N, …) bool; a dropout that
        has none draws its own.
    """

    images: NDArray[Any]
    labels: NDArray[Any]
    masks: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setup:
    """How a session is to run.

    device: `cpu`, `cuda:0`, `mps`, …, one of the backend's `devices()`.
    tier: how the framework is called: `native` is what it runs inside its own loop.
    precision: `fp32`; `tf32`, which NVIDIA's GPUs multiply in; `bf16` and `fp16`, which layers
        compute in from float32 weights, and fp16 with a scaled loss: see `LossScaling`; or
        `fp64` for proofs of equality.
    threads: CPU threads for one operation; None leaves the framework's choice.
    seed: of the framework's own random streams (dropout).
    """

    device: str = "cpu"
    tier: str = "native"
    precision: str = "fp32"
    threads: int | None = None
    seed: int = 0
    update_rule: UpdateRule = field(default_factory=UpdateRule)
    normalizer: Normalizer = field(default_factory=Normalizer)


@dataclass(frozen=True, slots=True)
class Counts:
    """The native model's own parameters and MACs for one image, counted by `counter`."""

    parameters: int
    macs: int
    counter: str


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """Peaks of the framework's allocator on an accelerator, in bytes.

    allocated: in use by tensors. reserved: taken from the driver for them, what lies idle
        included; None where the framework does not count that.
    """

    allocated: int
    reserved: int | None = None


class Session(Protocol):
    """One network on one device. Not thread-safe; use from the process that opened it.

    Arrays of logits, losses and weights are float64 in fp64, else float32.
    """

    graph: Graph

    @property
    def native(self) -> Any:  # noqa: ANN401 - a torch.nn.Module, a keras.Model, …
        """The framework's own object."""

    def predict(self, images: NDArray[np.float32]) -> NDArray[np.floating]:
        """Logits (N, classes) of normalised images (N, H, W, C), in evaluation mode."""

    def place(self, batch: Batch) -> Any:  # noqa: ANN401 - opaque to the core
        """Put a batch on the device, for `infer` and `train`; returns when it is there."""

    def infer(self, placed: Any) -> Any:  # noqa: ANN401 - opaque to the core
        """Submit the forward pass of a placed batch, in evaluation mode.

        Float32 images only. May return before the device has finished: see `synchronize`.
        The result is the framework's own tensor of logits, which `numpy.asarray` takes, after
        its own `detach()`, `cpu()` and `double()` where it has them.
        """

    def train(
        self, batches: Iterable[Batch | Any], learning_rates: Sequence[float]
    ) -> NDArray[np.floating]:
        """Take one step per batch, in training mode, and return the loss before each (steps,).

        The loss is the mean cross-entropy from logits, or the focal loss. Batches are from the
        core or from `place`; the step with index i uses `learning_rates[i]`. The optimiser's
        state lasts as long as the session. See `UpdateRule` for what a step is.
        """

    def synchronize(self) -> None:
        """Return when the device has finished everything submitted so far."""

    def weights(self) -> Mapping[str, NDArray[np.floating]]:
        """A copy of every weight and buffer under its canonical name, in PyTorch's layout."""

    def averaged_weights(self) -> Mapping[str, NDArray[np.floating]]:
        """As `weights`, with the moving averages of what is trained, where the rule has `ema`.

        `set_weights` leaves the averages as they are.
        """

    def set_weights(self, weights: Mapping[str, NDArray[np.floating]]) -> None:
        """Replace every weight and buffer. Raises UsageError where names or shapes differ."""

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Everything that the next step depends on: weights, optimiser, random streams.

        Under names of the backend's own, in whatever types.
        """

    def set_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where another session was, opened alike: on a CPU, bit by bit."""

    def counts(self) -> Counts:
        """Count the native model itself, apart from the graph, as a check on both."""

    def settings(self) -> Mapping[str, str]:
        """Every setting that decides speed or numbers, as read back from the framework.

        Such as {"tf32": "off", "layout": "NCHW", "threads": "2"}: the record's fairness ledger.
        """

    def device_memory(self) -> DeviceMemory | None:
        """Peaks on the device since the session opened; None on a CPU."""

    def close(self) -> None:
        """Free what the session holds."""


@runtime_checkable
class InspectableSession(Session, Protocol):
    """A session that shows its inside, so that its network can be certified."""

    def activations(self, images: NDArray[np.float32]) -> Mapping[str, NDArray[np.floating]]:
        """What every node yields in evaluation mode, by the node's name, the batch first.

        For normalised images (N, H, W, C). Channels are last and a flattened image is
        channel-major, as in the graph, whatever the framework's own layout. It is what the
        native model computes for `predict`, layer by layer.
        """

    def gradients(
        self, batch: Batch
    ) -> tuple[NDArray[np.floating], Mapping[str, NDArray[np.floating]]]:
        """The loss of one batch in training mode, and its gradient by each trainable weight.

        By canonical name and in PyTorch's layout. Takes no step, and leaves weights, running
        statistics and the optimiser's state as they were.
        """


@runtime_checkable
class LoopingSession(Session, Protocol):
    """A session that sets up a loop of forward passes once, where `infer` does it in every call.

    As a loop written by hand enters PyTorch's inference mode once, around it.
    """

    def inferring(self) -> AbstractContextManager[Callable[[Any], Any]]:
        """While it lasts, what it gives does what `infer` does, and nobody trains.

        Leaves the session as `infer` does.
        """


@runtime_checkable
class PartedSession(Session, Protocol):
    """A session that can go a part of the way to a training step, so that its parts can be timed.

    Each part contains the one before: a step is `backward` and the update.
    """

    def run_part(self, placed: Any, part: Literal["forward", "backward"]) -> Any:  # noqa: ANN401 - opaque to the core
        """Submit the beginning of the step that `train` takes for a placed batch.

        `forward` gives the loss, `backward` the loss and a sequence with the gradient by every
        trainable weight, in the framework's own tensors and order. In training mode, with the
        step's precision, loss and micro-batches; in fp16 gradients are of the scaled loss. May
        return before the device has finished. Weights and the optimiser's state stay as they
        were; running statistics and random streams may move, as they do in a step.
        """


@runtime_checkable
class Backend(Protocol):
    """A framework, as one plugin offers it. Made without arguments, in the worker process.

    Making one imports the framework and does nothing else: worker processes are forked from
    the one that made it, which hangs in every framework once an operation has run.
    """

    @property
    def name(self) -> str:
        """The name under which the plugin offers it."""

    @property
    def ops(self) -> frozenset[str]:
        """Names of the ops that it lowers."""

    @property
    def tiers(self) -> Sequence[str]:
        """Ways in which it calls its framework, such as ("native",)."""

    @property
    def precisions(self) -> Sequence[str]:
        """Such as ("fp32", "fp64")."""

    def versions(self) -> Mapping[str, str]:
        """Versions of everything that computes, such as {"torch": "2.13.0"}."""

    def devices(self) -> Sequence[str]:
        """Devices present, the preferred first: ("cuda:0", "cpu")."""

    def device_name(self, device: str) -> str:
        """The vendor's name of an accelerator of `devices()`, such as "NVIDIA H200".

        The core names the CPU itself, so that one machine has one name.
        """

    def open(
        self, graph: Graph, weights: Mapping[str, NDArray[np.floating]], setup: Setup
    ) -> Session:
        """Lower the graph, inject the weights and return a session.

        Raises UnsupportedError for an op, tier or precision that this backend lacks, and
        UsageError for a device that is not there: see `check_request`.
        """
