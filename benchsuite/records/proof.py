"""What a run has proven of its own figures, in the process that they come from."""

from typing import Literal

import msgspec

from benchsuite.records.case import Int


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison of what was measured with what it should have been.

    part: of the row's word. name: what was compared, in words.
    metrics: the series that it is about; all figures that are made of them are refused where it
        failed. batch_size: of those series; None for every batch.
    error: as a share of `bound`'s scale; None where it is not finite. bound: the largest error
        that rounding explains.
    rounds: whether the error is one of rounding, rather than a ratio or a count.
    detail: what was compared with what, or what is wrong.
    """

    part: Literal["timed path", "evaluation"]
    name: str
    metrics: tuple[str, ...] = ()
    batch_size: Int | None = None
    error: float | None
    bound: float
    passed: bool
    rounds: bool = True
    detail: str

    @property
    def about(self) -> tuple[object, ...]:
        """What proofs of several processes are the same by."""
        return (self.part, self.name, self.metrics, self.batch_size)


def worst(proofs: list[Proof]) -> tuple[Proof, ...]:
    """Of each comparison the process that came out worst, in the order met."""
    found: dict[tuple[object, ...], Proof] = {}
    for proof in proofs:
        known = found.setdefault(proof.about, proof)
        if _badness(proof) > _badness(known):
            found[proof.about] = proof
    return tuple(found.values())


def _badness(proof: Proof) -> tuple[bool, bool, float]:
    return (not proof.passed, proof.error is None, proof.error or 0.0)
