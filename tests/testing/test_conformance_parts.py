"""The kit fails sessions whose parts are not those of their step: each breaks one rule."""

from dataclasses import replace

import numpy as np
import pytest

from benchsuite.contract import Batch
from benchsuite.testing import NumpyBackend, NumpySession

_LOSS = "test_parts_have_the_loss_of_the_step"
_GRADIENTS = "test_backward_has_every_gradient"
_MASKS = "test_parts_heed_masks"
_NO_STEP = "test_parts_take_no_step"


class _Steps(NumpySession):
    def run_part(self, placed, part):
        found = super().run_part(placed, part)
        self.train([placed], [1e-3])
        return found


class _FillsMomentum(NumpySession):
    def run_part(self, placed, part):
        found = super().run_part(placed, part)
        self.train([placed], [0.0])
        return found


class _EvaluationMode(NumpySession):
    def run_part(self, placed, part):
        found = super().run_part(placed, part)
        logits = self.infer(placed)
        loss = np.asarray(self._oracle.loss(logits, placed.labels)[0])
        return loss if part == "forward" else (loss, found[1])


class _WholeBatchOnly(NumpySession):
    def run_part(self, placed, part):
        loss, gradients = self.gradients(Batch(placed.images, placed.labels))
        return loss if part == "forward" else (loss, list(gradients.values()))


class _Pruned(NumpySession):
    def run_part(self, placed, part):
        found = super().run_part(placed, part)
        return found if part == "forward" else (found[0], found[1][1:])


class _Summed(NumpySession):
    def run_part(self, placed, part):
        found = super().run_part(placed, part)
        return found if part == "forward" else (found[0], [g * 6 for g in found[1]])


class _DrawsMasks(NumpySession):
    def run_part(self, placed, part):
        return super().run_part(replace(placed, masks={}), part)


@pytest.mark.parametrize(
    ("wrong", "test"),
    [
        (_Steps, _NO_STEP),
        (_FillsMomentum, _NO_STEP),
        (_EvaluationMode, _LOSS),
        (_WholeBatchOnly, _LOSS),
        (_WholeBatchOnly, _GRADIENTS),
        (_DrawsMasks, _MASKS),
        (_Pruned, _GRADIENTS),
        (_Summed, _GRADIENTS),
    ],
)
def test_kit_fails_wrong_parts(kit_complaints, wrong, test):
    class Wrong(NumpyBackend):
        session_class = wrong

    assert kit_complaints(Wrong, test, trains=True)


@pytest.mark.parametrize("test", [_LOSS, _MASKS, _GRADIENTS, _NO_STEP])
def test_kit_accepts_the_reference(kit_complaints, test):
    assert kit_complaints(NumpyBackend, test, trains=True) == []
