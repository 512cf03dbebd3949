"""Whether timed training steps are steps: taken again from the same state, from the host."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Batch, Session
from benchsuite.contract.rounding import ROUNDING
from benchsuite.measure.proofs.compare import bound_of, error_of, proof
from benchsuite.metrics.declared import TRAINING
from benchsuite.records import Proof
from benchsuite.records.series import Series

Weights = Mapping[str, NDArray[np.floating]]

#: Steps that are taken again: as many as take so long, within these.
_REPEATED_S, _FEWEST, _MOST = 0.1, 2, 4
_NS_PER_S = 1e9
#: Weights are float32 in every precision but float64: each may round once more in every step.
_ROUNDINGS_OF_WEIGHTS = 2.0


@dataclass
class StepsWitness:
    """What is kept of the first timed window of steps: where it began, and what it gave.

    first: how many steps were taken before. losses: of all its steps.
    open_anew: a session like this one, for where the timed steps had diverged.
    """

    session: Session
    rate: float
    precision: str
    open_anew: Callable[[], Session]
    state: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    first: int = 0
    losses: NDArray[np.floating] = field(default_factory=lambda: np.zeros(0))

    def warm(self, taken: int) -> None:
        """Called before the window, after so many steps; no clock runs."""
        self.state, self.first = self.session.state(), taken

    def proofs(
        self, series: Series, batches: Sequence[Batch], placed: Sequence[Any]
    ) -> Iterator[Proof]:
        """The window's steps against the same steps from the host; leaves another state behind."""
        again = _steps(series)
        places = [(self.first + step) % len(batches) for step in range(again)]
        given = [batches[place] for place in places]
        session, start, timed = self.session, self.state, placed[places[0]]
        has_diverged = not np.isfinite(self.losses[:again]).all()
        if has_diverged:
            session = self.open_anew()
            start, timed = session.state(), session.place(given[0])
        session.set_state(start)
        before = session.weights()
        host_losses, by_host = _from_host(session, given, self.rate)
        session.set_state(start)
        placed_loss = session.train([timed], [self.rate])
        losses = placed_loss if has_diverged else self.losses[:again]
        moved = _Moved(before, session.weights(), by_host, self.precision)
        yield from _judged(losses, host_losses[: len(losses)], moved, series)


def _from_host(
    session: Session, batches: Sequence[Batch], rate: float
) -> tuple[NDArray[np.floating], Weights]:
    """The losses of these steps as training takes them, and the weights after the first."""
    first = session.train(iter(batches[:1]), [rate])
    weights = session.weights()
    if len(batches) == 1:
        return first, weights
    others = session.train(iter(batches[1:]), [rate] * (len(batches) - 1))
    return np.concatenate([first, others]), weights


@dataclass(frozen=True)
class _Moved:
    """Weights before a step, and after it: of a placed batch, and of one from the host."""

    before: Weights
    by_placed: Weights
    by_host: Weights
    precision: str

    def apart(self) -> float:
        """How far both ways are apart, as a share of how far they move: all as one vector.

        Less what rounding the weights themselves may make of it.
        """
        found, expected = self.by_placed, self.by_host
        apart, moved = _length(found, expected), _length(expected, self.before)
        if not (math.isfinite(apart) and math.isfinite(moved)):
            return math.inf
        unit = ROUNDING["fp64" if self.precision == "fp64" else "fp32"]
        size = math.sqrt(sum(_squares(each) for each in found.values()))
        left = max(0.0, apart - _ROUNDINGS_OF_WEIGHTS * unit * size)
        return left / moved if moved else (math.inf if left else 0.0)

    def stays(self) -> bool:
        """Whether a step of a placed batch leaves everything where it is."""
        return _length(self.by_placed, self.before) == 0.0


def _judged(
    losses: NDArray[np.floating], expected: NDArray[np.floating], moved: _Moved, series: Series
) -> Iterator[Proof]:
    about = {"metrics": (TRAINING.name,), "batch_size": series.batch_size}
    bound = bound_of(moved.precision)
    told = (
        f"{len(losses)} timed steps have the losses of the same steps from the host",
        "timed steps have other losses than the same steps from the host",
    )
    yield proof("timed losses", error_of(losses, expected), bound, told, **about)
    told = (
        "a placed batch moves the weights as the same batch from the host does",
        "a placed batch does not move the weights as the same batch from the host does",
    )
    yield proof("timed weights", moved.apart(), bound, told, **about)
    if moved.precision == "fp16":
        return  # steps whose gradients overflow are left out, as they should be
    told = ("a timed step moves the weights", "a timed step leaves the weights where they are")
    yield proof("weights move", float(moved.stays()), 0.0, told, rounds=False, **about)


def _length(first: Weights, second: Weights) -> float:
    """Of the vector from one to the other."""
    return math.sqrt(sum(_squares(np.subtract(first[name], second[name])) for name in second))


def _squares(array: NDArray[np.floating]) -> float:
    flat = np.ravel(array)
    return float(np.dot(flat, flat))


def _steps(series: Series) -> int:
    step_s = min(series.samples) / series.calls / _NS_PER_S
    wanted = max(_FEWEST, min(_MOST, round(_REPEATED_S / max(step_s, 1e-9))))
    return min(wanted, series.calls)
