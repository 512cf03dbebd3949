"""What the commands' parameters have in common: plugins, their names, and input shapes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click
from click.shell_completion import CompletionItem

from benchsuite.errors import BenchsuiteError

if TYPE_CHECKING:
    from benchsuite.graph import Architecture, Graph
    from benchsuite.hooks import Plugins, Registry

Kind = Literal["architectures", "backends", "datasets", "exporters", "metrics"]
Command = TypeVar("Command", bound=Callable[..., Any])
Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

PATH = click.Path(path_type=Path)
#: What is read: `results` where nothing is named.
results_argument = click.argument(
    "results", nargs=-1, type=PATH, callback=lambda *given: given[-1] or (Path("results"),)
)

#: Height and width, with or without channels.
_EXTENTS = (2, 3)


def plugins_of(ctx: click.Context) -> Plugins:
    """Every plugin, those named by the global option `-p` included."""
    from benchsuite.hooks import load_plugins

    return load_plugins(ctx.find_root().params.get("plugin", ()))


def complete(kind: Kind) -> Completer:
    """Completion of names of one kind, the last one where commas separate several."""

    def completer(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        before, comma, last = incomplete.rpartition(",")
        try:
            registry: Registry = getattr(plugins_of(ctx), kind)
        except BenchsuiteError:  # the command itself will say so
            return []
        return [
            CompletionItem(f"{before}{comma}{name}", help=registry[name].target.summary)
            for name in registry
            if name.startswith(last) and name not in before.split(",")
        ]

    return completer


def complete_recipes(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Completion of the presets' names."""
    from benchsuite.training.recipes import preset_names

    return [CompletionItem(name) for name in preset_names() if name.startswith(incomplete)]


class _Parsed(click.ParamType, ABC):  # type: ignore[type-arg] # generic since click 8.4 only
    """What `parse` makes of a value; of one that it refuses by ValueError, click says why."""

    @abstractmethod
    def parse(self, value: Any) -> Any:  # noqa: ANN401 - text, or a default of another type
        """The value. Raises ValueError for what is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - whatever it is parsed to
        try:
            return self.parse(value)
        except ValueError as error:
            return self.fail(str(error), param, ctx)


class Axis(_Parsed):
    """A field of a case by which its rows may be compared, such as `backend`."""

    name = "axis"

    def parse(self, value: str) -> str:
        """The field of that name, or of that name of then."""
        from benchsuite.report.columns.columns import RENAMED

        axes, name = _axes(), RENAMED.get(value, value)
        if name not in axes:
            raise ValueError(f"'{value}' is not one of {', '.join(axes)}")
        return name

    def shell_complete(
        self, _ctx: click.Context, _param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Those that begin so."""
        return [CompletionItem(name) for name in _axes() if name.startswith(incomplete)]


def _axes() -> tuple[str, ...]:
    # Records take a tenth of a second to import, which no other command's help should cost.
    from benchsuite.records import Role, fields_with

    return fields_with(Role.AXIS)


class Assignment(_Parsed):
    """`lr=0.1` -> ("lr", 0.1): the value is TOML's, or else the text itself."""

    name = "name=value"

    def parse(self, value: str | tuple[str, Any]) -> tuple[str, Any]:
        """Split at the first =."""
        from benchsuite.toml import parse_assignment

        return parse_assignment(value) if isinstance(value, str) else value


class Names(_Parsed):
    """Names or patterns, separated by commas -> tuple of str; completed by `kind`, not checked."""

    name = "names"

    def __init__(self, kind: Kind | None = None) -> None:
        self.kind = kind

    def parse(self, value: str | Sequence[str]) -> tuple[str, ...]:
        """Split at commas; a default may already be a sequence."""
        parts = value.split(",") if isinstance(value, str) else value
        names = tuple(name for part in parts if (name := part.strip()))
        if not names:
            raise ValueError(f"{value!r} names nothing: give names, separated by commas")
        return names

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete the last name."""
        return complete(self.kind)(ctx, param, incomplete) if self.kind else []


class Integers(_Parsed):
    """Non-negative integers, separated by commas -> tuple of int; `what` they are."""

    name = "integers"

    def __init__(self, what: str) -> None:
        self.what = what

    def parse(self, value: str | Sequence[int]) -> tuple[int, ...]:
        """Split at commas; a default may already be a sequence."""
        if not isinstance(value, str):
            return tuple(value)
        parts = [part.strip() for part in value.split(",")]
        if not all(part.isdecimal() for part in parts):
            raise ValueError(f"'{value}' is not a list of {self.what}: write 1 or 1,2")
        return tuple(int(part) for part in parts)


class InputShape(_Parsed):
    """`32x32x3`, `32×32×3`, `32x32`, `32` -> (H, W, C), or (H, W): C is then the network's own."""

    name = "HxWxC"

    def parse(self, value: str | tuple[int, ...]) -> tuple[int, ...]:
        """Split at x or ×; one number is both height and width."""
        if not isinstance(value, str):
            return value
        parts = value.lower().replace("×", "x").split("x")
        if len(parts) == 1:
            parts *= 2
        if len(parts) not in _EXTENTS or not all(p.isdecimal() and int(p) > 0 for p in parts):
            raise ValueError(f"'{value}' is not an input shape: write 32x32x3, 32x32 or 32")
        return tuple(int(part) for part in parts)


def size_options(command: Command) -> Command:
    """The options that `traced` takes: the size of one network."""
    own = "[default: the network's own]"
    classes = click.option("--classes", type=click.IntRange(min=1), help=f"Classes. {own}")
    return click.option("--input", "extents", type=InputShape(), help=f"Input shape. {own}")(
        classes(command)
    )


def traced(
    plugins: Plugins, architecture: str, extents: tuple[int, ...] | None, classes: int | None
) -> Graph:
    """The graph of an architecture at a size; channels that are left out are its own."""
    network: Architecture = plugins.architectures[architecture].load()
    shape = (*extents, *network.input_shape[len(extents) :]) if extents else None
    return network.trace(shape, classes)
