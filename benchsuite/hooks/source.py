"""Which code it was: the distribution, its version, and a digest of its files."""

import hashlib
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import msgspec

from benchsuite.hooks.manager import Plugins
from benchsuite.hooks.registry import Entry

#: What defines the ops, their gradients and the networks made of them.
_REFERENCE = ("graph", "reference", "architectures")


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Code that ran. A version alone does not tell: it stays while a plugin is developed.

    digest: sha256 over the names and the contents of its Python files.
    """

    distribution: str = ""
    version: str = ""
    digest: str = ""

    @property
    def short(self) -> str:
        """Such as `benchsuite-torch 0.1.0 (3f2a91c07b)`; `unknown code` where nothing is known."""
        if not self.digest:
            return "unknown code"
        return f"{self.distribution} {self.version}".strip() + f" ({self.digest[:10]})"


def source_of(entry: Entry, plugins: Plugins) -> Source:
    """The code of the plugin that offers an entry: the package of its target, or its one file."""
    info, module = plugins.info(entry.plugin), entry.target.path.partition(":")[0]
    return Source(
        distribution=info.distribution,
        version=info.version,
        digest=_digest(_files_of(module.partition(".")[0])),
    )


def reference_source(version: str) -> Source:
    """The code that defines what a network is: the same for every backend.

    version: benchsuite's.
    """
    home = Path(__file__).parent.parent
    files = {
        f"{room}/{path.relative_to(home / room).as_posix()}": path
        for room in _REFERENCE
        for path in (home / room).rglob("*.py")
    }
    return Source(distribution="benchsuite", version=version, digest=_digest(files.items()))


def _files_of(package: str) -> Iterable[tuple[str, Path]]:
    """The Python files of a package or of a module, by their names in it."""
    spec = find_spec(package)
    if spec is None:
        return []
    if not spec.submodule_search_locations:
        return [(package, Path(spec.origin or ""))]
    return [
        (path.relative_to(folder).as_posix(), path)
        for folder in spec.submodule_search_locations
        for path in Path(folder).rglob("*.py")
    ]


def _digest(files: Iterable[tuple[str, Path]]) -> str:
    digest = hashlib.sha256()
    for name, path in sorted(files):
        content = path.read_bytes()
        digest.update(f"{name}:{len(content)};".encode())
        digest.update(content)
    return digest.hexdigest()
