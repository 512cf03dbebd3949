"""Verification in worker processes: certificates of whatever comes of it."""

from __future__ import annotations

import os
import sys

import msgspec
import pytest

from benchsuite.hooks import load_plugins
from benchsuite.verify import Request, verify

PLUGIN = "benchsuite.testing.numpy_plugin"


class Quiet:
    def started(self, subject, worker, index, total):
        pass

    def certified(self, certificate):
        pass


def certify(plugins, backends, subjects=("update_rules", "lenet5"), **changes):
    request = Request(
        subjects=subjects,
        backends=backends,
        precisions=("fp64", "fp32"),
        device="cpu",
        threads=1,
        timeout_s=changes.pop("timeout_s", 120.0),
    )
    assert not changes
    return list(verify(request, plugins, Quiet()))


def test_reference_agrees_with_itself():
    certificates = certify(load_plugins([PLUGIN]), ["numpy"])
    assert [(c.architecture, c.precision, c.verdict) for c in certificates] == [
        ("update_rules", "fp64", "exact"),
        ("update_rules", "fp32", "within tolerance"),
        ("lenet5", "fp64", "exact"),
        ("lenet5", "fp32", "within tolerance"),
    ]
    exact = certificates[2]
    own = load_plugins().architectures["lenet5"].load().trace().fingerprint
    assert exact.fingerprint == own
    assert exact.versions.keys() == {"numpy"}
    assert {check.quantity for check in exact.checks} == {
        *("counts", "layer outputs", "logits", "loss", "gradients"),
        *("weights after steps", "logits after steps"),
    }
    assert exact.inputs == ("17×17×1 → 7", "16×16×3 → 7")
    assert msgspec.json.decode(msgspec.json.encode(exact), type=type(exact)) == exact


@pytest.fixture
def faulty(tmp_path):
    """A plugin with backends that fail, each in its own way."""
    path = tmp_path / "faulty.py"
    path.write_text(
        """
import os
import time
from benchsuite import Target, hookimpl
from benchsuite.testing import NumpyBackend, NumpySession

class Wrong(NumpySession):
    def predict(self, images):
        return super().predict(images) * 1.001

class WrongBackend(NumpyBackend):
    name = "wrong"
    session_class = Wrong

class Dying(NumpyBackend):
    name = "dying"
    def open(self, *args):
        os._exit(3)

class Raising(NumpyBackend):
    name = "raising"
    def open(self, *args):
        raise RuntimeError("no luck")

class Slow(NumpyBackend):
    name = "slow"
    def open(self, *args):
        time.sleep(600)

class Bound(NumpyBackend):
    name = "bound"
    def __init__(self):
        raise RuntimeError(f"bound to {len(os.sched_getaffinity(0))} CPUs")

class Closed(NumpyBackend):
    name = "closed"
    class session_class(NumpySession):
        def __getattribute__(self, name):
            if name == "gradients":
                raise AttributeError(name)
            return super().__getattribute__(name)

@hookimpl
def benchsuite_backends():
    names = ("Wrong", "Dying", "Raising", "Closed", "Slow", "Bound")
    return {
        n.lower(): Target(f"{__name__}:{'WrongBackend' if n == 'Wrong' else n}", n) for n in names
    }
"""
    )
    yield load_plugins([str(path)])
    sys.modules.pop("faulty")


def test_every_failure_becomes_a_certificate(faulty):
    backends = ["wrong", "dying", "raising", "closed"]
    certificates = certify(faulty, backends, subjects=("lenet5",))
    found = {c.backend: (c.verdict, c.reason) for c in certificates if c.precision == "fp64"}
    assert found["wrong"][0] == "differs"
    assert found["wrong"][1].startswith("logits by 1.0e-03 in ")
    assert found["dying"] == ("failed", "its process ended with exit code 3")
    assert found["raising"] == ("failed", "RuntimeError('no luck')")
    assert found["closed"][0] == "unsupported"
    assert "its sessions have no gradients" in found["closed"][1]
    assert not any(c.holds for c in certificates)


def test_a_worker_that_takes_too_long_says_so(faulty):
    certificate, _ = certify(faulty, ["slow"], subjects=("lenet5",), timeout_s=5.0)
    assert certificate.verdict == "failed"
    assert certificate.reason == "not done within 5 s (--timeout)"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux binds processes to CPUs")
def test_workers_keep_to_as_many_cpus_as_threads(faulty):
    certificate, _ = certify(faulty, ["bound"], subjects=("lenet5",))
    assert certificate.reason == "RuntimeError('bound to 1 CPUs')"
