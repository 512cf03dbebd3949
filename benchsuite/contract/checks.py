"""What every backend must refuse, said once and in the same words."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from benchsuite.contract.backend import Backend, Setup
from benchsuite.contract.training import UpdateRule
from benchsuite.errors import UnsupportedError, UsageError
from benchsuite.graph import Graph


def check_request(backend: Backend, graph: Graph, setup: Setup) -> Setup:
    """What `Backend.open` does first: the setup, with `cuda` spelled out as `cuda:0`.

    Raises UnsupportedError for an op, tier or precision that the backend lacks, and
    UsageError for a device that is not there.
    """
    for node in graph.nodes:
        if node.op not in backend.ops:
            raise UnsupportedError(
                f"backend '{backend.name}' has no lowering for op '{node.op}', which layer "
                f"'{node.name}' needs; it lowers: {', '.join(sorted(backend.ops))}"
            )
    return check_setup(backend, setup)


def check_setup(backend: Backend, setup: Setup) -> Setup:
    """The part of `check_request` that does not depend on the network."""
    _refuse_unknown(backend, "tier", setup.tier, backend.tiers)
    _refuse_unknown(backend, "precision", setup.precision, backend.precisions)
    device = "cuda:0" if setup.device == "cuda" else setup.device
    if device not in backend.devices():
        raise UsageError(
            f"backend '{backend.name}' has no device '{setup.device}'; "
            f"it has: {', '.join(backend.devices())}"
        )
    if setup.precision == "tf32" and not device.startswith("cuda"):
        raise UnsupportedError(
            f"device '{device}' has no precision 'tf32', a mode of NVIDIA's GPUs: use fp32"
        )
    return replace(setup, device=device)


def check_rule(backend: Backend, rule: UpdateRule, lacks: Iterable[str]) -> None:
    """Refuse a rule that sets any of the fields that the backend lacks, with UnsupportedError."""
    usual = UpdateRule()
    for name in lacks:
        asked = getattr(rule, name)
        if asked != getattr(usual, name):
            raise UnsupportedError(f"backend '{backend.name}' has no '{name}', asked for {asked}")


def _refuse_unknown(backend: Backend, what: str, asked: str, known: Sequence[str]) -> None:
    if asked not in known:
        raise UnsupportedError(
            f"backend '{backend.name}' has no {what} '{asked}'; it has: {', '.join(known)}"
        )
