"""What the user asks for: command line and TOML file, checked as a whole."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from benchsuite.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_Positive = Annotated[int, msgspec.Meta(ge=1)]
_Names = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
_PATH_IN_MESSAGE = re.compile(r" - at `\$\.?(?P<path>[^`]*)`")
_UNKNOWN_FIELD = re.compile(r"unknown field `(?P<name>[^`]*)`")


class RunSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run. Every field is an option of `benchsuite run` and a key of its config file.

    archs: names and shell patterns; `all` is every architecture. Native models are those with
        a `/`: `torchvision/resnet50`, `keras.applications/*`.
    backends: likewise; None means those whose plugins say that they take part by default.
    epochs: None trains as long as the tour's budget lets it.
    input: (H, W) or (H, W, C) for measurement and training alike; None leaves the network's
        own, as does a missing C.
    protocol: how long each figure is sampled; `smoke-1` only shows that everything works.
    timeout_s: of one case, all its processes together.
    isolation: `spawn` starts a fresh interpreter for every process; `fork` forks them from
        one that has only imported the framework; `auto` forks on a Linux CPU.
    """

    archs: _Names = ("all",)
    backends: _Names | None = None
    dataset: str = "digits"
    device: str = "auto"
    precision: Literal["fp32", "fp64"] = "fp32"
    seeds: Annotated[tuple[Annotated[int, msgspec.Meta(ge=0)], ...], msgspec.Meta(min_length=1)] = (
        0,
    )
    epochs: _Positive | None = None
    batch_size: _Positive = 32
    optimizer: Literal["sgd", "adam"] = "adam"
    learning_rate: Annotated[float, msgspec.Meta(gt=0)] = 1e-3
    input: Annotated[tuple[_Positive, ...], msgspec.Meta(min_length=2, max_length=3)] | None = None
    threads: _Positive | None = None
    protocol: Literal["tour-1", "smoke-1"] = "tour-1"
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 600.0
    isolation: Literal["auto", "spawn", "fork"] = "auto"
    results: str = "results"


def make_spec(options: Mapping[str, Any], config: Path | None = None) -> RunSpec:
    """Check a run's options; those given win over the config file's.

    Raises UsageError, naming the option and what was received, where one is wrong.
    """
    from_file = _read_config(config) if config else {}
    values = {**from_file, **options}
    try:
        return msgspec.convert(values, RunSpec)
    except msgspec.ValidationError as error:
        where = f"config file '{config}': " if config else ""
        raise UsageError(f"{where}{_explain(str(error), values)}") from error


def _read_config(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"config file '{path}' cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"config file '{path}' is not valid TOML: {error}") from error
    return content


def _explain(message: str, values: Mapping[str, Any]) -> str:
    """Say msgspec's message with the option's name, what was received and a suggestion."""
    unknown = _UNKNOWN_FIELD.search(message)
    if unknown:
        name = unknown["name"]
        close = difflib.get_close_matches(name, RunSpec.__struct_fields__, n=1)
        suggestion = f" Did you mean '{close[0]}'?" if close else ""
        known = ", ".join(RunSpec.__struct_fields__)
        return f"unknown option '{name}'.{suggestion} Options: {known}"
    place = _PATH_IN_MESSAGE.search(message)
    if not place:
        return message
    option = re.split(r"[.\[]", place["path"])[0]
    said = _PATH_IN_MESSAGE.sub("", message)
    return f"{option}: {said[0].lower()}{said[1:]}, got {values.get(option)!r}"
