"""The kit names a clock that cannot be believed, and tiers that are not the same network."""

import time
from contextlib import contextmanager

import pytest

from benchsuite.testing import NumpyBackend, NumpySession

_CLOCK = "test_clock_can_be_believed"
_LOOP = "test_loop_of_forward_passes_is_infer"


class _Late(NumpySession):
    """Answers the host long after it said that it was done."""

    def infer(self, placed):
        return placed


class _Cached(NumpySession):
    """Computes nothing that it has computed before."""

    def infer(self, placed):
        known = self.__dict__.setdefault("known", {})
        if id(placed) not in known:
            known[id(placed)] = placed, super().infer(placed)  # kept: ids are used again
        return known[id(placed)][1]


class _Costly(NumpySession):
    """Takes a while to say that it is done: its clock is coarse, and no lie."""

    def synchronize(self):
        time.sleep(0.002)


class _OtherTier(NumpySession):
    """In one tier, twice the logits."""

    def predict(self, images):
        return super().predict(images) * (2 if self._setup.tier == "other" else 1)


class _Looping(NumpySession):
    """Sets up a loop of forward passes."""

    @contextmanager
    def inferring(self):
        yield self.infer


class _OtherLoop(_Looping):
    @contextmanager
    def inferring(self):
        yield lambda placed: self.infer(placed) * 2


class _LoopOnce(_Looping):
    @contextmanager
    def inferring(self):
        passes = []

        def infer(placed):
            passes.append(placed)
            return self.infer(placed) if len(passes) == 1 else self.infer(passes[0]) + 1

        yield infer


class _LoopThatTrains(_Looping):
    @contextmanager
    def inferring(self):
        yield self.infer
        self.set_weights({name: array * 1.1 for name, array in self.weights().items()})


def backend(session):
    return type(
        "Backend", (NumpyBackend,), {"session_class": session, "tiers": ("native", "other")}
    )


@pytest.mark.parametrize(("liar", "name"), [(_Late, "unsynchronized"), (_Cached, "cached")])
def test_kit_names_a_clock_that_lies(kit_complaints, liar, name):
    (complaint,) = kit_complaints(backend(liar), _CLOCK)
    assert "the clock cannot be believed: " in complaint
    assert name in complaint


@pytest.mark.parametrize("honest", [NumpySession, _Costly])
def test_kit_believes_an_honest_clock_and_one_that_costs(kit_complaints, honest):
    assert kit_complaints(backend(honest), _CLOCK) == []


def test_kit_fails_a_tier_that_is_another_network(kit_complaints):
    (complaint,) = kit_complaints(backend(_OtherTier), "test_every_tier_agrees_with_reference")
    assert "tier 'other'" in complaint


@pytest.mark.parametrize("wrong", [_OtherLoop, _LoopOnce, _LoopThatTrains])
def test_kit_fails_a_loop_that_is_not_infer(kit_complaints, wrong):
    (complaint,) = kit_complaints(backend(wrong), _LOOP, trains=True)
    assert "inferring()" in complaint


def test_kit_accepts_a_loop_that_is_infer(kit_complaints):
    assert kit_complaints(backend(_Looping), _LOOP, trains=True) == []
