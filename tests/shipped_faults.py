"""Faults of the shipped backends: some lines of their sources, as somebody might have written them.

`shipped_faults.txt` lists them.
"""

import importlib.util
import sys
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.util import spec_from_loader
from pathlib import Path
from typing import NamedTuple


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
