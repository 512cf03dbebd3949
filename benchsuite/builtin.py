"""The plugin that benchsuite itself is: its own architectures, data sets, metrics and formats.

It has no privilege: it is found through the same entry point group as anybody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from benchsuite import architectures
from benchsuite.graph import Architecture
from benchsuite.hooks import Target, hookimpl


@hookimpl
def benchsuite_architectures() -> Mapping[str, Target]:
    """Every architecture in every module of `benchsuite.architectures`."""
    return {
        found.name: Target(f"{module}:{attribute}", found.summary)
        for module in (
            f"{architectures.__name__}.{m.name}" for m in iter_modules(architectures.__path__)
        )
        for attribute, found in vars(import_module(module)).items()
        if isinstance(found, Architecture)
    }


@hookimpl
def benchsuite_datasets() -> Mapping[str, Target]:
    """The data sets that need no download."""
    return {
        "digits": Target(
            "benchsuite.data.digits:load_digits",
            "1,797 handwritten digits, 8×8×1, ten classes (UCI; ships with scikit-learn)",
            requires=("sklearn",),
            install="pip install scikit-learn",
        )
    }


@hookimpl
def benchsuite_metrics() -> Mapping[str, Target]:
    """Figures of quality that every run reports."""
    return {
        "top1_fraction": Target(
            "benchsuite.training.metrics:TOP1", "share of images whose class has the largest logit"
        ),
        "loss_nats": Target("benchsuite.training.metrics:LOSS", "mean cross-entropy from logits"),
    }


@hookimpl
def benchsuite_weight_readers() -> Mapping[str, Target]:
    """Files of weights that need no framework."""
    return {
        ".safetensors": Target(
            "benchsuite.weights.formats:read_safetensors", "safetensors: tensors and nothing else"
        ),
        ".npz": Target("benchsuite.weights.formats:read_npz", "NumPy's archives of arrays"),
    }
