"""Training that matches: the same losses, step by step, in whatever backends are installed."""

import numpy as np
import pytest

from benchsuite.hooks import load_plugins
from benchsuite.orchestration import orchestrate
from benchsuite.planning import make_spec

PLUGINS = load_plugins()
BACKENDS = [
    name
    for name in ("torch", "keras-tensorflow")
    if name in PLUGINS.backends and not PLUGINS.backends[name].target.missing()
]
STEPS = 100


@pytest.mark.frameworks
@pytest.mark.skipif(len(BACKENDS) < 2, reason="needs two backends to compare")
@pytest.mark.parametrize(
    ("architecture", "changes", "precision_and_tolerance"),
    [
        ("lenet5", {"optimizer": "adam", "lr": 0.002}, ("fp32", 1e-3)),
        # ReLU, BatchNorm and Adam make much of a rounding: float64 shows that it is no more.
        pytest.param(
            *("cnn_bn", {"lr": 0.001, "augmentation": ["shift", "mixup"]}, ("fp64", 1e-9)),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_losses_of_a_hundred_steps_agree(
    architecture, changes, precision_and_tolerance, tmp_path, watch
):
    precision, tolerance = precision_and_tolerance
    spec = make_spec(
        {
            "archs": [architecture],
            "backends": BACKENDS,
            "precisions": [precision],
            "protocol": "smoke",
            "recipe": "cifar10",
            "set": {"augmentation": [], "max_steps": STEPS, "batch_size": 32, **changes},
            "results": str(tmp_path),
        }
    )
    records = orchestrate(spec, PLUGINS, watch).records
    assert [record.status for record in records] == ["ok", "ok"]
    trainings = [record.findings.training for record in records]
    assert trainings[0].digests == trainings[1].digests
    first, second = (np.array(training.step_losses) for training in trainings)
    assert len(first) == STEPS
    assert first[-10:].mean() < 0.8 * first[0]
    np.testing.assert_allclose(first, second, atol=tolerance)
