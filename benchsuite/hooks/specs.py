"""The hooks. Each returns what its plugin offers, by name; the host keeps who offered it.

Implement them in the module that your entry point (group `benchsuite`) names. Import
nothing heavy there: name heavy things by a Target's path.
"""

from collections.abc import Mapping

import pluggy

from benchsuite.hooks.registry import Target

PROJECT = "benchsuite"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def benchsuite_architectures() -> Mapping[str, Target]:  # type: ignore[empty-body]
    """Architectures by name; each path leads to a `benchsuite.graph.Architecture`."""


@hookspec
def benchsuite_backends() -> Mapping[str, Target]:  # type: ignore[empty-body]
    """Backends by name; each path leads to a callable that returns a `contract.Backend`."""


@hookspec
def benchsuite_datasets() -> Mapping[str, Target]:  # type: ignore[empty-body]
    """Data sets by name; each path leads to a function that returns a `contract.Dataset`."""


@hookspec
def benchsuite_exporters() -> Mapping[str, Target]:  # type: ignore[empty-body]
    """Exporters by name; each path leads to a function of `records.Stored` that returns text."""


@hookspec
def benchsuite_metrics() -> Mapping[str, Target]:  # type: ignore[empty-body]
    """Metrics by name; each path leads to a `contract.Metric`."""


@hookspec
def benchsuite_native_models() -> Mapping[str, Target]:  # type: ignore[empty-body]
    """Natively written models by `library/model`; each path leads to a `contract.NativeModel`."""


@hookspec
def benchsuite_probes() -> Mapping[str, Target]:  # type: ignore[empty-body]
    """Probes by name: further figures to measure; each path leads to a `contract.Probe`."""


@hookspec
def benchsuite_weight_readers() -> Mapping[str, Target]:  # type: ignore[empty-body]
    """Readers of weight files by suffix (`.npz`): `Path -> graph.weights.Checkpoint` each."""
