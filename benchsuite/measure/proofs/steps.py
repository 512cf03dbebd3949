"""Whether timed training steps are steps: taken again from the same state, from the host."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Batch, PartedSession, Session
from benchsuite.contract.rounding import ROUNDING
from benchsuite.measure.proofs.compare import bound_of, error_of, proof, to_host
from benchsuite.metrics.declared import TRAINING
from benchsuite.records import Proof
from benchsuite.records.series import Series

Weights = Mapping[str, NDArray[np.floating]]

#: Steps that are taken again: as many as take so long, within these.
_REPEATED_S, _FEWEST, _MOST = 0.1, 2, 4
#: Slower steps are taken again from the host alone: the losses of the steps that follow tell of
#: the weights.
_QUICK_S = 0.25
_NS_PER_S = 1e9
#: Weights are float32 in every precision but float64: each may round once more in every step.
_ROUNDINGS_OF_WEIGHTS = 2.0


@dataclass
class StepsWitness:
    """What is kept of timed steps: where they began, and what they gave.

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
        """Called after so many steps, before the first that count; no clock runs."""
        self.state, self.first = self.session.state(), taken

    def proofs(
        self, series: Series, batches: Sequence[Batch], placed: Sequence[Any]
    ) -> Iterator[Proof]:
        """The first of them against the same steps from the host; leaves another state behind."""
        is_slow = _step_s(series) >= _QUICK_S
        again = min(len(self.losses), _FEWEST if is_slow else _repeated(series))
        places = [(self.first + step) % len(batches) for step in range(again)]
        given = [batches[place] for place in places]
        session, start, timed = self.session, self.state, placed[places[0]]
        losses, after = self.losses[:again], session.weights()
        has_diverged = not np.isfinite(losses).all()
        if has_diverged:
            session = self.open_anew()
            start, timed, given = session.state(), session.place(given[0]), given[:1]
        session.set_state(start)
        before = session.weights()
        expected, by_host = _from_host(session, given, self.rate, in_part=is_slow)
        told = _Told(series.batch_size, self.precision)
        if has_diverged or not is_slow:
            session.set_state(start)
            found = session.train([timed], [self.rate])
            losses, after = found if has_diverged else losses, session.weights()
            yield told.of_weights(_apart(before, after, by_host, self.precision))
        yield told.of_losses(len(losses), error_of(losses, expected))
        if self.precision != "fp16":  # steps whose gradients overflow are rightly left out
            yield told.of_movement(_length(after, before))


def _from_host(
    session: Session, batches: Sequence[Batch], rate: float, *, in_part: bool
) -> tuple[NDArray[np.floating], Weights]:
    """The losses of these steps as training takes them, and the weights after the first.

    in_part: only as much of the second as gives its loss, where the session can do that.
    """
    first = session.train(iter(batches[:1]), [rate])
    weights = session.weights()
    if len(batches) == 1:
        return first, weights
    if in_part and isinstance(session, PartedSession):
        loss = to_host(session.run_part(session.place(batches[1]), "forward"))
        return np.append(first, loss), weights
    others = session.train(iter(batches[1:]), [rate] * (len(batches) - 1))
    return np.concatenate([first, others]), weights


def _apart(before: Weights, found: Weights, expected: Weights, precision: str) -> float:
    """How far two weights are apart, as a share of how far they moved: all as one vector.

    Less what rounding the weights themselves may make of it.
    """
    apart, moved = _length(found, expected), _length(expected, before)
    if not (math.isfinite(apart) and math.isfinite(moved)):
        return math.inf
    unit = ROUNDING["fp64" if precision == "fp64" else "fp32"]
    size = math.sqrt(sum(_squares(each) for each in found.values()))
    left = max(0.0, apart - _ROUNDINGS_OF_WEIGHTS * unit * size)
    return left / moved if moved else (math.inf if left else 0.0)


@dataclass(frozen=True)
class _Told:
    """What is said of timed steps."""

    batch_size: int
    precision: str

    def of_losses(self, steps: int, error: float) -> Proof:
        """Against those of the same steps from the host."""
        return self._proof(
            "timed losses",
            error,
            f"{steps} timed steps have the losses of the same steps from the host",
            "timed steps have other losses than the same steps from the host",
        )

    def of_weights(self, error: float) -> Proof:
        """After one step."""
        return self._proof(
            "timed weights",
            error,
            "a placed batch moves the weights as the same batch from the host does",
            "a placed batch does not move the weights as the same batch from the host does",
        )

    def of_movement(self, length: float) -> Proof:
        """From before to after."""
        return self._proof(
            "weights move",
            0.0 if length else math.inf,
            "timed steps move the weights",
            "timed steps leave the weights where they are",
        )

    def _proof(self, name: str, error: float, right: str, wrong: str) -> Proof:
        about = {"metrics": (TRAINING.name,), "batch_size": self.batch_size}
        return proof(name, error, bound_of(self.precision), (right, wrong), **about)


def _length(first: Weights, second: Weights) -> float:
    """Of the vector from one to the other."""
    return math.sqrt(sum(_squares(np.subtract(first[name], second[name])) for name in second))


def _squares(array: NDArray[np.floating]) -> float:
    flat = np.ravel(array)
    return float(np.dot(flat, flat))


def _step_s(series: Series) -> float:
    return min(series.samples) / series.calls / _NS_PER_S


def _repeated(series: Series) -> int:
    return max(_FEWEST, min(_MOST, round(_REPEATED_S / max(_step_s(series), 1e-9))))
