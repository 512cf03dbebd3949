"""What a probe's plugin offers: one further figure, measured beside benchsuite's own."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from benchsuite.contract.backend import Batch, Session
from benchsuite.contract.quantity import Quantity


@dataclass(frozen=True, slots=True)
class ProbeContext:
    """What a probe measures with.

    session: the open network, called many times before.
    batches: distinct random inputs of the quantity's batch, on the host; `placed` are the same
        on the device, as `Session.place` gave them.
    device: the case's. learning_rate: for `Session.train`.
    calls, seconds: for how many samples, and how long, benchsuite's own latency goes on.
    timed: seconds that a call takes, from an idle device to an idle device.
    """

    session: Session
    batches: Sequence[Batch]
    placed: Sequence[Any]
    device: str
    learning_rate: float
    calls: int
    seconds: float
    timed: Callable[[Callable[[], object]], float]


@dataclass(frozen=True, slots=True)
class Probe:
    """A figure that a plugin measures.

    quantity: what it is; its name is the one that the hook offers it under.
    measure: called once in every timed process of every case, after benchsuite's own figures;
        gives samples in the quantity's unit, one or more. It warms up what it times, and leaves
        the session as it was. An exception costs the figure, and nothing else.
    """

    quantity: Quantity
    measure: Callable[[ProbeContext], Iterable[float]]
