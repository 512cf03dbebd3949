"""Faults of the shipped backends: some lines of their sources, as somebody might have written them.

`shipped_faults.txt` lists them. As a program, this plants each of a package's into its sources,
and says what finds it: `python tests/shipped_faults.py benchsuite_torch`.
"""

import importlib.util
import json
import sys
import tempfile
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.util import spec_from_loader
from pathlib import Path
from typing import NamedTuple

from pitfall_networks import MANY_OPS, PITFALLS

from benchsuite.hooks import load_plugins
from benchsuite.parity.subjects import UPDATE_RULES, find_subject
from benchsuite.parity.worker import Question, compare, write_reference
from benchsuite.testing import BackendConformance

SUBJECTS = {"many_ops": MANY_OPS, "pitfalls": PITFALLS, "rules": find_subject(UPDATE_RULES, None)}
#: By package: a backend, and where its class is.
BACKENDS = {
    "benchsuite_torch": ("torch", "benchsuite_torch.backend:TorchBackend"),
    "benchsuite_keras": (
        "keras-tensorflow",
        "benchsuite_keras.on_tensorflow.backend:TensorFlowBackend",
    ),
}
#: What is said of a package's sources as they are.
AS_SHIPPED = "as shipped"


class Fault(NamedTuple):
    """Of one file of a package; `old` stands in it once."""

    package: str
    file: str
    name: str
    old: str
    new: str


def read_faults():
    """All of the list, in its order."""
    text = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    return [_fault(part.split("\n")) for part in text.rstrip().split("\n\n")[1:]]


def _fault(lines):
    place, _, name = lines[0].partition(": ")
    package, _, file = place.partition("/")
    old, new = ("\n".join(one[1:] for one in lines[1:] if one[0] == sign) for sign in "-+")
    return Fault(package, file, name, old, new)


class _Changed(MetaPathFinder, Loader):
    """Loads one module from changed source."""

    def __init__(self, name, path, source):
        self.name, self.path, self.source = name, path, source

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        return spec_from_loader(name, self, origin=str(self.path))

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.__file__ = str(self.path)
        exec(compile(self.source, str(self.path), "exec"), module.__dict__)  # noqa: S102 - ours


def _taken_out(package):
    names = [name for name in sys.modules if name == package or name.startswith(f"{package}.")]
    return {name: sys.modules.pop(name) for name in names}


@contextmanager
def faulty(fault, backend_path):
    """The backend class at `module:Class`, from sources with one fault."""
    package = fault.package
    path = Path(importlib.util.find_spec(package).origin).parent / fault.file
    source = path.read_text(encoding="utf-8")
    assert source.count(fault.old) == 1, f"not once in {fault.file}: {fault.old}"
    module = f"{package}.{fault.file.removesuffix('.py').replace('/', '.')}"
    finder = _Changed(module, path, source.replace(fault.old, fault.new))
    before = _taken_out(package)
    sys.meta_path.insert(0, finder)
    try:
        module, _, attribute = backend_path.partition(":")
        yield getattr(import_module(module), attribute)
    finally:
        sys.meta_path.remove(finder)
        _taken_out(package)
        sys.modules.update(before)


def found_by_verify(backend, folders):
    """What certificates say against a backend, or an empty text."""
    for name, subject in SUBJECTS.items():
        question = Question(subject=name, folder=folders[name])
        try:
            answer = compare(subject, backend(), question)
        except Exception as error:  # noqa: BLE001 - `verify` reports it, whatever it is
            return f"verify: {name}: {error}"
        if wrong := [check for check in answer.checks if not check.passed]:
            return f"verify: {name}: {wrong[0].quantity} in {wrong[0].worst}"
    return ""


def found_by_kit(backend):
    """Of what a framework draws by itself there is no reference: the kit reads it off."""
    kit = type("Kit", (BackendConformance,), {"create": lambda _: backend()})()
    try:
        kit.test_dropout_draws_every_element_by_itself()
        kit.test_stochastic_depth_draws_every_image_by_itself()
    except AssertionError as error:
        return f"kit: {error}"
    return ""


def main(package):
    """Print what finds each fault, as JSON: the fault's name -> words, or an empty text."""
    backend, path = BACKENDS[package]
    with tempfile.TemporaryDirectory() as folder:
        folders = {name: f"{folder}/{name}" for name in SUBJECTS}
        for name, subject in SUBJECTS.items():
            Path(folders[name]).mkdir()
            assert not write_reference(subject, Path(folders[name])).degenerate
        shipped = load_plugins().backends[backend].load()
        found = {AS_SHIPPED: found_by_verify(shipped, folders) or found_by_kit(shipped)}
        for fault in read_faults():
            if fault.package == package:
                with faulty(fault, path) as wrong:
                    found[fault.name] = found_by_verify(wrong, folders) or found_by_kit(wrong)
    sys.stdout.write(f"\n{json.dumps(found)}\n")


if __name__ == "__main__":
    main(sys.argv[1])
