"""Verification in worker processes: certificates of whatever comes of it."""

import os
import signal
import sys
import time
from pathlib import Path
from threading import Event, Lock, Timer

import msgspec
import psutil
import pytest

from benchsuite.hooks import load_plugins
from benchsuite.parity import Request, verify
from benchsuite.parity import certify as certifying
from benchsuite.parity.worker import REFERENCE, Answer
from benchsuite.processes.kernel import IS_LINUX

PLUGIN = "benchsuite.reference.plugin"


def quiet(subject, worker, index, total):
    pass


def certify(plugins, backends, subjects=("update_rules", "lenet5"), **changes):
    request = Request(
        subjects=subjects,
        backends=backends,
        precisions=("fp64", "fp32"),
        device="cpu",
        threads=1,
        timeout_s=changes.pop("timeout_s", 120.0),
        memory_limit_bytes=changes.pop("memory_limit_bytes", None),
    )
    assert not changes
    return list(verify(request, plugins, quiet))


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
import subprocess
import sys
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

class Greedy(NumpyBackend):
    name = "greedy"
    def open(self, *args):
        return bytearray(3 << 30)

class Leaving(NumpyBackend):
    name = "leaving"
    def open(self, *args):
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(999)", "left-behind"],
                         start_new_session=True)
        os._exit(3)

class Closed(NumpyBackend):
    name = "closed"
    class session_class(NumpySession):
        def __getattribute__(self, name):
            if name == "gradients":
                raise AttributeError(name)
            return super().__getattribute__(name)

@hookimpl
def benchsuite_backends():
    names = ("Wrong", "Dying", "Raising", "Closed", "Slow", "Bound", "Greedy", "Leaving")
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


@pytest.mark.skipif(not IS_LINUX, reason="the limit is Linux's")
def test_memory_of_workers_is_limited(faulty):
    certificate, _ = certify(faulty, ["greedy"], subjects=("lenet5",), memory_limit_bytes=2 * 2**30)
    assert (certificate.verdict, certificate.reason) == ("failed", "MemoryError()")


@pytest.mark.skipif(not IS_LINUX, reason="elsewhere process groups alone are ended")
def test_workers_leave_nothing_behind(faulty):
    certify(faulty, ["leaving"], subjects=("lenet5",))
    found = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert [command for command in found if command[-1:] == ["left-behind"]] == []


@pytest.fixture
def interrupts():
    """Ctrl-C as at a terminal: a shell that starts tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_ctrl_c_ends_it_whatever_the_workers_do(faulty):
    begun = time.monotonic()
    Timer(5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        certify(faulty, ["slow"], subjects=("lenet5", "mlp"), timeout_s=100.0)
    assert time.monotonic() - begun < 90, "it waited for the worker's timeout"


class Witness:
    """Workers that answer once `wait` has let them, and what was asked of them, in order."""

    def __init__(self, *_):
        self.events = []
        self.folders = []
        self.at_once = self.most_at_once = 0
        self.next_reference = {}
        self._lock = Lock()

    def begun(self, subject):
        with self._lock:
            return self.next_reference.setdefault(subject, Event())

    def ask(self, name, question):
        self.events.append(f"{name} {question.subject}")
        assert Path(question.folder).is_dir()
        if name == REFERENCE:
            self.folders.append(Path(question.folder))
            self.begun(question.subject).set()
            time.sleep(0.5)  # longer than a backend's answers
            self.events.append(f"answer of {name} {question.subject}")
            return Answer(status="ok")
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        self.wait(question.subject)
        with self._lock:
            self.at_once -= 1
        return Answer(status="failed", reason="none of it")

    def wait(self, subject):
        pass

    def done_with(self, name):
        pass

    def close(self):
        pass


@pytest.fixture
def witness(monkeypatch):
    witness = Witness()
    monkeypatch.setattr(certifying, "Workers", lambda *_: witness)
    return witness


def test_next_reference_is_computed_while_backends_work(witness):
    following = {"mlp": "lenet5"}
    overlapped = []

    def wait(subject):
        if subject in following:
            overlapped.append(witness.begun(following[subject]).wait(60))

    witness.wait = wait
    certify(load_plugins([PLUGIN]), ["numpy"], subjects=("mlp", "lenet5"))
    assert overlapped == [True, True]
    assert [event for event in witness.events if event.startswith(REFERENCE)] == [
        f"{REFERENCE} mlp",
        f"{REFERENCE} lenet5",
    ]
    assert len(set(witness.folders)) == 2
    assert not any(folder.exists() for folder in witness.folders)


def test_large_networks_have_the_memory_to_themselves(witness):
    witness.wait = lambda _: time.sleep(0.05)
    backends = ["numpy", "other"]
    certify(load_plugins([PLUGIN]), backends, subjects=("vgg11", "mlp"))
    second = witness.events.index("other vgg11")
    assert f"answer of {REFERENCE} mlp" in witness.events[:second]
    assert witness.most_at_once == 2, "of the small one"
    witness.most_at_once = 0
    certify(load_plugins([PLUGIN]), backends, subjects=("vgg11",))
    assert witness.most_at_once == 1
