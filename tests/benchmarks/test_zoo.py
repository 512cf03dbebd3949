"""The zoo under pytest-benchmark, for comparing commits of benchsuite and versions of frameworks.

    pytest tests/benchmarks --benchmark-only -k torch --benchmark-autosave

One backend at a time: two frameworks in one process disturb each other.
"""

import os

import pytest

import benchsuite
from benchsuite.hooks import load_plugins

#: One of each kind: a toy, plain and residual convolutions, depthwise ones, attention.
ARCHITECTURES = {
    "lenet5": None,
    "vgg11": (32, 32, 3),
    "resnet18_cifar": None,
    "mobilenet_v2": (64, 64, 3),
    "vit_b_16": (64, 64, 3),
}
BATCH_SIZES = {"inference": (1, 32), "training": (32,)}
CALLS = [(kind, size) for kind, sizes in BATCH_SIZES.items() for size in sizes]
BACKENDS = load_plugins().backends


@pytest.mark.frameworks
@pytest.mark.parametrize(("kind", "batch_size"), CALLS)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("backend", [entry.name for entry in BACKENDS.values()])
def test_speed(benchmark_session, backend, architecture, kind, batch_size):
    target = BACKENDS[backend].target
    if target.missing():
        pytest.skip(f"{backend} needs {', '.join(target.missing())}")
    for name, value in target.environment.items():
        if os.environ.setdefault(name, value) != value:
            pytest.skip(f"{backend} needs {name}={value}, set before this process began")
    session = benchsuite.load(
        architecture, backend=backend, input_shape=ARCHITECTURES[architecture]
    )
    benchmark_session(session, batch_size=batch_size, kind=kind)
