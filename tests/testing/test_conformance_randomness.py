"""The kit fails backends that draw otherwise than dropout and stochastic depth do."""

import numpy as np
import pytest

from benchsuite.testing import NumpyBackend, NumpySession, Oracle

DROPOUT = "test_dropout_draws_every_element_by_itself"
DEPTH = "test_stochastic_depth_draws_every_image_by_itself"


class WithoutScale(Oracle):
    def draw_kept(self, node, shape):
        return super().draw_kept(node, shape) > 0


class WholeChannels(Oracle):
    """As `torch.nn.Dropout2d`."""

    def draw_kept(self, node, shape):
        kept = super().draw_kept(node, (shape[0], 1, 1, shape[-1]))
        return np.broadcast_to(kept, shape)


class OneMaskForAllImages(Oracle):
    def draw_kept(self, node, shape):
        return np.broadcast_to(super().draw_kept(node, (1, *shape[1:])), shape)


class OneDrawForTheBatch(Oracle):
    """Stochastic depth that drops the whole batch, or none of it."""

    def draw_kept(self, node, shape):
        kept = super().draw_kept(node, shape)
        return np.broadcast_to(kept[:1], kept.shape) if node.op == "stochastic_depth" else kept


class SingleElements(Oracle):
    """Stochastic depth that drops elements, as dropout does."""

    def draw_kept(self, node, shape):
        rate = float(node.attrs["rate"])
        return (self.generator.random(shape) >= rate) / (1 - rate)


class WrongRate(Oracle):
    """Scales rightly, and drops half."""

    def draw_kept(self, node, shape):
        if node.op == "stochastic_depth":
            shape = (shape[0], *(1 for _ in shape[1:]))
        return (self.generator.random(shape) >= 0.5) / (1 - float(node.attrs["rate"]))


class RateAsShareKept(Oracle):
    def draw_kept(self, node, shape):
        if node.op == "stochastic_depth":
            shape = (shape[0], *(1 for _ in shape[1:]))
        rate = 1 - float(node.attrs["rate"])
        return (self.generator.random(shape) >= rate) / (1 - rate)


def backend_of(oracle):
    session = type("Session", (NumpySession,), {"oracle_class": oracle})
    return type("Backend", (NumpyBackend,), {"session_class": session})


@pytest.mark.parametrize("test", [DROPOUT, DEPTH])
def test_kit_accepts_the_reference(kit_complaints, test):
    assert kit_complaints(NumpyBackend, test, trains=True) == []


@pytest.mark.parametrize(
    ("oracle", "test", "said"),
    [
        (WithoutScale, DROPOUT, "must multiply by 0 or 1.333"),
        (WithoutScale, DEPTH, "must multiply by 0 or 1.333"),
        (RateAsShareKept, DROPOUT, "must multiply by 0 or 1.333; it multiplied by 4.000"),
        (RateAsShareKept, DEPTH, "must multiply by 0 or 1.333; it multiplied by 4.000"),
        (WholeChannels, DROPOUT, "neighbouring rows agree in 1.00"),
        (OneMaskForAllImages, DROPOUT, "neighbouring images agree in 1.00"),
        (WrongRate, DROPOUT, "dropout of rate 0.25 dropped 0."),
        (WrongRate, DEPTH, "stochastic depth of rate 0.25 dropped 0."),
        (OneDrawForTheBatch, DEPTH, "stochastic depth of rate 0.25 dropped 0.000"),
        (SingleElements, DEPTH, "stochastic depth of rate 0.25 must multiply by 0 or 1.333"),
    ],
)
def test_kit_fails_wrong_draws(kit_complaints, oracle, test, said):
    (complaint,) = kit_complaints(backend_of(oracle), test, trains=True)
    assert said in complaint
