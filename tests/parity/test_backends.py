"""A subset of `benchsuite verify` on whatever backends are installed; tox's `verify` does all."""

import pytest

from benchsuite.hooks import load_plugins
from benchsuite.parity import Request, verify

PLUGINS = load_plugins()
BACKENDS = [
    name
    for name in ("torch", "keras-tensorflow", "keras-jax", "keras-torch")
    if name in PLUGINS.backends and not PLUGINS.backends[name].target.missing()
]
#: Every update rule; residuals with and without weights in their shortcuts, dropout behind
#: BatchNorm, squeeze and excitation, concatenation, a flattened image.
SUBSET = ("update_rules", "cnn_advanced", "resnet20", "mobilenet_v3_small", "squeezenet1_0")


def quiet(subject, worker, index, total):
    pass


@pytest.fixture(scope="module")
def certificates():
    request = Request(
        subjects=SUBSET,
        backends=BACKENDS,
        precisions=("fp64", "fp32"),
        device="cpu",
        threads=2,
        timeout_s=900.0,
    )
    return list(verify(request, PLUGINS, quiet))


@pytest.mark.slow
@pytest.mark.frameworks
@pytest.mark.xdist_group("certificates")
@pytest.mark.parametrize("backend", BACKENDS)
def test_backend_is_exact_in_float64_and_close_in_float32(certificates, backend):
    found = {
        (c.architecture, c.precision): (c.verdict, c.reason)
        for c in certificates
        if c.backend == backend
    }
    verdicts = {"fp64": "exact", "fp32": "within tolerance"}
    assert found == {(s, p): (v, "") for s in SUBSET for p, v in verdicts.items()}
