"""What the backend says of itself, what it opens and what it refuses."""

import subprocess
import sys

import pytest
import torch

from benchsuite.contract import Backend, Setup
from benchsuite.errors import UnsupportedError, UsageError
from benchsuite.hooks import load_plugins
from benchsuite_torch.backend import TorchBackend


@pytest.fixture
def backend():
    return TorchBackend()


@pytest.fixture
def graph(trace):
    return trace((4, 4, 3), lambda net, x: net.dense(net.flatten(x), 2, name="fc"))


def test_plugin_offers_the_backend_under_its_name():
    entry = load_plugins().backends["torch"]
    assert entry.plugin == "torch"
    assert isinstance(entry.load()(), Backend)
    assert entry.target.tuned_environment == {"OMP_PROC_BIND": "close", "OMP_PLACES": "cores"}


def test_plugins_module_imports_no_framework():
    code = "import sys, benchsuite_torch; print({'torch', 'numpy', 'fvcore'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def test_versions_name_what_computes(backend):
    versions = backend.versions()
    assert versions["torch"] == torch.__version__
    assert ("cuda" in versions) == (torch.version.cuda is not None)
    assert ("mkl" in versions) == torch.backends.mkl.is_available()
    assert ("onednn" in versions) == torch.backends.mkldnn.is_available()
    assert ("openmp" in versions) == torch.backends.openmp.is_available()
    assert all(isinstance(version, str) for version in versions.values())


def test_devices_end_with_the_cpu(backend):
    assert backend.devices()[-1] == "cpu"
    assert backend.device_name("cpu").strip()


def test_devices_prefer_cuda_then_mps(backend, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert backend.devices() == ("cuda:0", "cuda:1", "mps", "cpu")
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"name of {device}")
    assert backend.device_name("cuda:1") == "name of cuda:1"


@pytest.mark.parametrize("device", ["cuda", "cuda:7", "tpu"])
def test_open_refuses_a_device_that_is_not_there(backend, graph, draw, monkeypatch, device):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(
        UsageError, match=rf"^backend 'torch' has no device '{device}'; it has: cpu$"
    ):
        backend.open(graph, draw(graph), Setup(device=device))


@pytest.mark.parametrize(
    ("setup", "message"),
    [
        (
            Setup(tier="turbo"),
            "^backend 'torch' has no tier 'turbo'; it has: native, native\\+layout, ",
        ),
        (
            Setup(precision="fp8"),
            "^backend 'torch' has no precision 'fp8'; it has: fp32, tf32, bf16, fp16, fp64$",
        ),
    ],
)
def test_open_refuses_what_it_does_not_do(backend, graph, draw, setup, message):
    with pytest.raises(UnsupportedError, match=message):
        backend.open(graph, draw(graph), setup)


def test_open_refuses_fp64_on_mps(backend, graph, draw, monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with pytest.raises(UnsupportedError, match="'mps' has no precision 'fp64'"):
        backend.open(graph, draw(graph), Setup(device="mps", precision="fp64"))


def test_open_refuses_weights_that_do_not_fit(backend, graph):
    with pytest.raises(UsageError, match=r"missing: fc\.weight, fc\.bias"):
        backend.open(graph, {}, Setup())


def test_open_sets_threads_and_switches_off_tf32_and_autotuning(backend, graph, draw):
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    threads = torch.get_num_threads() + 1
    backend.open(graph, draw(graph), Setup(threads=threads))
    assert torch.get_num_threads() == threads
    assert torch.get_float32_matmul_precision() == "highest"
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cudnn.benchmark
