"""The same lies on the shipped torch backend, and bfloat16 as PyTorch itself has it."""

from contextlib import contextmanager

import pytest
from dishonest import sessions

torch = pytest.importorskip("torch")
benchsuite_torch = pytest.importorskip("benchsuite_torch.backend")

pytestmark = pytest.mark.frameworks


class Autocast:
    """bfloat16 in the loop of forward passes."""

    @contextmanager
    def inferring(self):
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            yield lambda placed: self._forward_pass(placed.images).float()


class AutocastInSteps:
    """bfloat16 in steps of placed batches."""

    def train(self, batches, rates):
        batches = list(batches)
        is_placed = not isinstance(batches[0], sessions.Batch)
        with torch.autocast("cpu", torch.bfloat16, enabled=is_placed):
            return super().train(batches, rates)


#: What is timed is the loop of `inferring`: `Zeros` lies in `infer` alone.
TIMED = {
    **{lie: names for lie, names in sessions.TIMED.items() if lie is not sessions.Zeros},
    Autocast: {"timed logits"},
    AutocastInSteps: {"timed losses", "timed weights"},
}


@pytest.fixture
def backend_of(monkeypatch):
    honest = benchsuite_torch.TorchSession

    def backend_of(*lies):
        session = type("Session", (*lies, honest), {})
        monkeypatch.setattr(benchsuite_torch, "TorchSession", session)
        return benchsuite_torch.TorchBackend()

    return backend_of


@pytest.mark.parametrize("tier", ["native", "native+layout"])
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp64"])
def test_honest_backend_proves_everything_that_it_times(prove_timing, backend_of, precision, tier):
    proofs = prove_timing(backend_of(), precision=precision, tier=tier)
    assert sessions.failed(proofs) == set()


@pytest.mark.parametrize("lie", TIMED)
def test_lie_about_what_is_timed_is_caught_by_name(prove_timing, backend_of, lie):
    assert sessions.failed(prove_timing(backend_of(lie))) >= TIMED[lie]


def test_honest_backend_proves_its_evaluation(prove_evaluation, backend_of):
    findings, reason = prove_evaluation(backend_of())
    assert (sessions.failed(findings.proofs), reason) == (set(), "")


@pytest.mark.parametrize("lie", sessions.EVALUATED)
def test_lie_about_what_is_evaluated_is_caught_by_name(
    prove_evaluation, backend_of, list_of_images, monkeypatch, lie
):
    monkeypatch.setattr(sessions, "KNOWN", list_of_images)
    findings, _ = prove_evaluation(backend_of(lie))
    assert sessions.failed(findings.proofs) >= sessions.EVALUATED[lie]
