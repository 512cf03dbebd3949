"""What the user asks for: command line and TOML file, checked as a whole."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from benchsuite.contract import Division
from benchsuite.errors import UsageError
from benchsuite.privacy import home_as_tilde
from benchsuite.toml import checked, read_toml
from benchsuite.training.recipes import TOUR

_TOUR_TIMEOUT_S, _ROUNDS_TIMEOUT_S, _LONGEST_S = 600.0, 3600.0, 7 * 86_400.0
#: What a clock of the system can wait for: a year.
_MOST_S = 366 * 86_400.0

_DURATION = re.compile(r"\d+(\.\d+)?[smh]")
_MEMORY = re.compile(r"(?=.*[1-9])\d+(\.\d+)?[MG]iB")
_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0}
_UNITS_BYTES = {"M": 2**20, "G": 2**30}

#: Options of older versions, which users' files may still hold.
_RENAMED = {"environment": "process_settings"}
#: Larger numbers are for no record.
_LARGEST = (1 << 63) - 1
_Positive = Annotated[int, msgspec.Meta(ge=1, le=_LARGEST)]
_Seed = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST)]
_Precision = Literal["fp32", "tf32", "bf16", "fp16", "fp64"]
_Names = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class RunSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run. Every field is an option of `benchsuite run` and a key of its config file.

    archs: names and shell patterns; `all` is every architecture. Native models are those with
        a `/`: `torchvision/resnet50`, `keras.applications/*`.
    backends: likewise; None means those whose plugins say that they take part by default.
    dataset: a name, or one with its argument: `imagefolder:PATH`.
    limit: images of each of the data set's splits, in the classes' own shares; None takes all.
    folds: a case for each of so many parts of the training split, which is its test split.
    bad_images: whether images that cannot be read end the run, or are left out.
    recipe: how networks are trained: a preset's name, or the path of a TOML file.
    set: values of the recipe that are replaced, by name.
    epochs, batch_size, target_accuracy: likewise, by options of their own; the last is the
        recipe's `target_top1`. The tour ends training early where its budget ends, unless epochs
        are given.
    division: `matched` trains every backend alike; `idiomatic` trains each as its framework's own
        guides do, with its defaults: see `benchsuite.contract.idiomatic`.
    checkpoint_epochs: epochs between two checkpoints, from which the same case goes on in a later
        run; None writes none.
    input: (H, W) or (H, W, C) for measurement and training alike; None leaves the network's
        own, as does a missing C.
    precisions, tiers, threads: a case for each: see `benchsuite.contract.Setup`. None is one
        thread for each physical core.
    process_settings: `tuned` gives processes that measure time the allocator and the binding that
        suit their framework; `stock` leaves the system's own.
    protocol: how figures are sampled: `tour` in one process, `quick` in three, `full` in as many
        as intervals need; `smoke` only shows that everything works. None is the tour, or the most
        thorough of the first three for which the budget has time.
    budget: of the whole run, such as `15m` or `2h`. Each timing group gets its cases' share of
        what is left; cases for which nothing is left are skipped.
    timeout_s: of one case, all its processes together; None is ten minutes in the tour, whose
        training is short, an hour where its speed is measured in rounds, and a week with any
        other recipe.
    memory_limit: of the host's memory, for each process of a case, such as `8GiB`: Linux alone. See
        `benchsuite.processes.kernel.limit_memory` for what counts; None is no limit.
    batch_backoff: whether a timed batch that memory does not hold is replaced by the largest
        that it does. Training's own batch is the recipe's, and is never changed.
    exclusive: whether to refuse to begin where other programs are at work.
    isolation: `spawn` starts a fresh interpreter for every process; `fork` forks them from
        one that has only imported the framework; `auto` forks on a Linux CPU, but for
        protocols of several processes, which are to be as different as they come.
    """

    archs: _Names = ("all",)
    backends: _Names | None = None
    dataset: str = "digits"
    limit: _Positive | None = None
    folds: Annotated[int, msgspec.Meta(ge=2, le=_LARGEST)] | None = None
    bad_images: Literal["stop", "skip"] = "stop"
    device: str = "auto"
    precisions: Annotated[tuple[_Precision, ...], msgspec.Meta(min_length=1)] = ("fp32",)
    tiers: _Names = ("native",)
    seeds: Annotated[tuple[_Seed, ...], msgspec.Meta(min_length=1)] = (0,)
    recipe: str = TOUR
    set: dict[str, Any] = {}
    epochs: _Positive | None = None
    batch_size: _Positive | None = None
    target_accuracy: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    division: Division = "matched"
    checkpoint_epochs: _Positive | None = None
    input: Annotated[tuple[_Positive, ...], msgspec.Meta(min_length=2, max_length=3)] | None = None
    threads: Annotated[tuple[_Positive, ...], msgspec.Meta(min_length=1)] | None = None
    process_settings: Literal["tuned", "stock"] = "tuned"
    protocol: Literal["tour", "quick", "full", "smoke"] | None = None
    budget: str | None = None
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=_MOST_S)] | None = None
    memory_limit: str | None = None
    batch_backoff: bool = False
    exclusive: bool = False
    isolation: Literal["auto", "spawn", "fork"] = "auto"
    results: str = "results"

    def __post_init__(self) -> None:
        """Raise ValueError for a budget that is no time, or a limit that is not an amount."""
        if self.budget is not None and not _DURATION.fullmatch(self.budget):
            raise ValueError(f"budget '{self.budget}' is not a time: write 90s, 15m or 2h")
        if self.memory_limit is not None and not _MEMORY.fullmatch(self.memory_limit):
            raise ValueError(
                f"memory limit '{self.memory_limit}' is not an amount: write 512MiB or 8GiB"
            )

    @property
    def budget_s(self) -> float | None:
        """Seconds that the run may take; None for no budget."""
        return float(self.budget[:-1]) * _UNITS_S[self.budget[-1]] if self.budget else None

    @property
    def memory_limit_bytes(self) -> int | None:
        """That each process of a case may hold; None for no limit."""
        if self.memory_limit is None:
            return None
        amount, unit = self.memory_limit[:-3], self.memory_limit[-3]
        return int(float(amount) * _UNITS_BYTES[unit])

    @property
    def case_timeout_s(self) -> float:
        """Seconds that a case may take."""
        if self.timeout_s is not None:
            return self.timeout_s
        if self.recipe != TOUR:
            return _LONGEST_S
        return _ROUNDS_TIMEOUT_S if self.protocol in ("full", "quick") else _TOUR_TIMEOUT_S


def _renamed(options: Mapping[str, Any]) -> dict[str, Any]:
    return {_RENAMED.get(name, name): value for name, value in options.items()}


def make_spec(options: Mapping[str, Any], config: Path | None = None) -> RunSpec:
    """Check a run's options; those given win over the config file's, and `set` over its `set`.

    Raises UsageError, naming the option and what was received, where one is wrong.
    """
    from_file = read_toml(config, "config file") if config else {}
    where = f"config file '{config}': " if config else ""
    own = from_file.get("set", {})
    if not isinstance(own, dict):
        raise UsageError(
            f"{where}set: expected a table of the recipe's values, got {type(own).__name__}"
        )
    changes = {**own, **options.get("set", {})}
    asked = {**_renamed(from_file), **_renamed(options), "set": changes}
    spec = checked(asked, RunSpec, where)
    # A value that is given twice would be measured twice, into one record.
    once = {
        name: tuple(dict.fromkeys(values))
        for name in ("archs", "backends", "precisions", "tiers", "seeds", "threads")
        if (values := getattr(spec, name)) is not None
    }
    return msgspec.structs.replace(spec, dataset=home_as_tilde(spec.dataset), **once)
