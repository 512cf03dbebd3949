"""Discovery of plugins: entry points, `-p`, what each offers, and what is wrong with it."""

import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module, metadata
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pluggy

from benchsuite.errors import ClashError, PluginError, UsageError, did_you_mean
from benchsuite.hooks import specs
from benchsuite.hooks.registry import LIBRARY_MARK, Entry, Registry, Target
from benchsuite.privacy import home_as_tilde

#: Entry-point group in which plugins name their module.
GROUP = "benchsuite"
#: Environment variable with the names of plugins to leave out, separated by commas.
DISABLE_VARIABLE = "BENCHSUITE_DISABLE"

_KINDS = (
    *("architecture", "backend", "dataset", "exporter"),
    *("metric", "native model", "probe", "weight reader"),
)


def _plural(kind: str) -> str:
    return f"{kind.replace(' ', '_')}s"


#: kind -> the hook that fills its registry.
_HOOKS = {kind: f"benchsuite_{_plural(kind)}" for kind in _KINDS}

#: What may be offered under: it is typed, printed and part of file names.
_NAME = re.compile(r"[\w.][\w.+@ -]{0,99}")


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One plugin as it was found: `error` says why it offers nothing, where it is broken."""

    name: str
    distribution: str
    version: str
    hooks: tuple[str, ...] = ()
    error: str = ""

    @property
    def provenance(self) -> str:
        """The distribution and its version; the plugin's own name where it is unpackaged."""
        return f"{self.distribution} {self.version}".strip()


@dataclass(frozen=True)
class Plugins:
    """All plugins, and the registries of what they offer."""

    infos: tuple[PluginInfo, ...]
    architectures: Registry
    backends: Registry
    datasets: Registry
    exporters: Registry
    metrics: Registry
    native_models: Registry
    probes: Registry
    weight_readers: Registry
    #: the `-p` arguments, to be loaded again in worker processes
    unpackaged: tuple[str, ...] = ()

    @property
    def registries(self) -> list[Registry]:
        """All that there are, by kind."""
        return [getattr(self, _plural(kind)) for kind in _HOOKS]

    def info(self, name: str) -> PluginInfo:
        """The plugin of that name."""
        return next(info for info in self.infos if info.name == name)


@dataclass
class _Loader:
    """Collects plugins one by one; a broken one costs nobody else anything."""

    manager: pluggy.PluginManager
    infos: list[PluginInfo] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def add(self, info: PluginInfo, module: ModuleType) -> None:
        """Take over what a plugin's module offers, or note what is wrong with its hooks."""
        if self.manager.is_registered(module):
            return  # `-p` of a plugin that is there already
        try:
            self._refuse_taken_name(info)
            hooks = self._register(info, module)
            entries = [entry for kind in _HOOKS for entry in _offers(kind, hooks, module, info)]
        except Exception as error:  # noqa: BLE001 - a stranger's code: any failure is its own
            if self.manager.is_registered(module):
                self.manager.unregister(module)
            self.infos.append(replace(info, error=_one_line(error)))
        else:
            self.infos.append(replace(info, hooks=hooks))
            self.entries += entries

    def _refuse_taken_name(self, info: PluginInfo) -> None:
        for other in self.infos:
            if other.name == info.name:
                raise PluginError(
                    f"the plugin name '{info.name}' is taken by {other.provenance}, "
                    f"and {info.provenance} has it too: one must be renamed"
                )

    def _register(self, info: PluginInfo, module: ModuleType) -> tuple[str, ...]:
        """The names of the plugin's hooks, all of them specified."""
        self.manager.register(module, name=info.name)
        callers = self.manager.get_hookcallers(module) or []
        for caller in callers:
            if not caller.has_spec():
                suggestion = did_you_mean(caller.name, _HOOKS.values())
                raise PluginError(f"unknown hook '{caller.name}'.{suggestion}")
        return tuple(caller.name for caller in callers)

    def registry(self, kind: str) -> Registry:
        """Everything of one kind. Raises ClashError where two plugins offer one name."""
        entries: dict[str, Entry] = {}
        for entry in self.entries:
            if entry.kind == kind:
                other = entries.setdefault(entry.name, entry)
                if other is not entry:
                    raise ClashError(self._clash(entry, other))
        return Registry(kind, entries.values())

    def _clash(self, entry: Entry, other: Entry) -> str:
        first, second = (
            next(info.provenance for info in self.infos if info.name == e.plugin)
            for e in (other, entry)
        )
        return (
            f"{entry.kind} '{entry.name}' is offered by both {first} and {second}: "
            f"uninstall one, or leave one out with {DISABLE_VARIABLE}={entry.plugin}"
        )


def _offers(kind: str, hooks: tuple[str, ...], module: ModuleType, info: PluginInfo) -> list[Entry]:
    """What one hook of a plugin returns. Raises PluginError where that is not Targets by name."""
    hook = _HOOKS[kind]
    if hook not in hooks:
        return []
    offered = getattr(module, hook)()
    if not isinstance(offered, Mapping):
        raise PluginError(f"{hook} must return a mapping of names to Targets, got {offered!r}")
    for name, target in offered.items():
        if not isinstance(name, str) or not isinstance(target, Target):
            raise PluginError(f"{hook} must map names to Targets, got {name!r}: {target!r}")
        _check_name(hook, name)
        if kind == "probe":
            _check_probe(hook, name)
        if (LIBRARY_MARK in name) != (kind == "native model"):
            raise PluginError(
                f"native models, and they alone, are named `library{LIBRARY_MARK}model`; "
                f"{hook} offers {name!r}"
            )
    return [Entry(kind, name, target, info.name) for name, target in offered.items()]


def _check_name(hook: str, name: str) -> None:
    parts = name.split(LIBRARY_MARK)
    if not all(_NAME.fullmatch(part) and part.strip(".") for part in parts):
        raise PluginError(
            f"{hook} offers {name[:100]!r}: a name begins with a letter, a digit, _ or a dot, and "
            "has up to 100 of those, + - @ and spaces"
        )


def _check_probe(hook: str, name: str) -> None:
    """Its name becomes a column's, beside those of benchsuite's own figures."""
    # Of no use to most plugins, and of some weight.
    from benchsuite.contract.quantity import is_column_name
    from benchsuite.metrics import METRICS

    if not is_column_name(name):
        raise PluginError(f"{hook} offers {name!r}: a probe's name has a-z, 0-9 and _ alone")
    if name in METRICS:
        raise PluginError(f"{hook} offers {name!r}, which benchsuite itself measures: rename it")


def load_plugins(unpackaged: Iterable[str] = ()) -> Plugins:
    """Find and register every plugin: installed ones, then `unpackaged` modules or files.

    A plugin that fails on import or breaks the rules is listed with its error and offers
    nothing. Raises UsageError for an unpackaged one that cannot be imported, since it was
    asked for by name, and ClashError.
    """
    manager = pluggy.PluginManager(specs.PROJECT)
    manager.add_hookspecs(specs)
    loader = _Loader(manager)
    disabled = {name.strip() for name in os.environ.get(DISABLE_VARIABLE, "").split(",")}
    # Sorted: what is listed does not depend on the order of installation.
    for point in sorted(metadata.entry_points(group=GROUP), key=lambda point: point.name):
        if point.name not in disabled:
            _add_installed(loader, point)
    chosen = tuple(unpackaged)
    for argument in chosen:
        _add_unpackaged(loader, argument)
    registries = {_plural(kind): loader.registry(kind) for kind in _HOOKS}
    return Plugins(infos=tuple(loader.infos), unpackaged=chosen, **registries)


def _add_installed(loader: _Loader, point: metadata.EntryPoint) -> None:
    found = point.dist
    about = (found.name, found.version) if found else (point.value, "")
    info = PluginInfo(point.name, *about)
    try:
        module = point.load()
    except Exception as error:  # noqa: BLE001 - a stranger's import may fail in any way
        loader.infos.append(replace(info, error=_one_line(error)))
    else:
        loader.add(info, module)


def _add_unpackaged(loader: _Loader, argument: str) -> None:
    try:
        module = _import_unpackaged(argument)
    except UsageError:
        raise
    except Exception as error:  # a stranger's import may fail in any way
        raise UsageError(f"-p {argument}: cannot be imported: {_one_line(error)}") from error
    loader.add(PluginInfo(module.__name__, home_as_tilde(argument), ""), module)


def _import_unpackaged(argument: str) -> ModuleType:
    if argument.endswith(".py"):
        return _import_file(Path(argument).absolute())
    if not all(part.isidentifier() for part in argument.split(".")):
        raise UsageError(
            f"-p {argument}: name a module, such as my_plugin, or a file, my_plugin.py"
        )
    return import_module(argument)


def _import_file(path: Path) -> ModuleType:
    """Import a file under its stem, so that its Targets can name it."""
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    loaded = sys.modules.get(path.stem)
    if loaded is not None and getattr(loaded, "__file__", None) == str(path):
        return loaded
    _refuse_shadowing(path)
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"no Python file: {path}")
    module = module_from_spec(spec)
    # Before it runs: dataclasses look for their module there.
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise
    return module


def _refuse_shadowing(path: Path) -> None:
    """A file named `torch.py` would take the place of PyTorch for the whole process."""
    loaded = sys.modules.get(path.stem)
    found = None if loaded else find_spec(path.stem)
    if loaded or (found and found.origin != str(path)):
        raise UsageError(f"-p {path}: there is a module '{path.stem}' already: rename the file")


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
