"""What a measured figure is: its name, its unit, which way is better, and how people see it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

#: How one process's samples become its value. `benchsuite.measure.summary` has the rules.
Summary = Literal["median", "maximum", "rate", "energy", "power", "tail", "first", "part"]
Better = Literal["higher", "lower"]
Batch = Literal["one", "inference", "training", "none"]
_CHOICES = {"better": get_args(Better), "batch": get_args(Batch), "summary": get_args(Summary)}
#: It is a part of a column's name, which conditions such as `--where` must be able to name.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
#: Of what a probe measures that could not be loaded.
UNKNOWN_UNIT = "?"


def is_column_name(name: str) -> bool:
    """Whether it could be a quantity's: its columns are named after it."""
    return _NAME.fullmatch(name) is not None


class Scale(msgspec.Struct, frozen=True):
    """A unit for people, and the factor to it from the unit that records have."""

    unit: str
    factor: float = 1.0


#: By the unit that records have.
_USUAL = {"s": Scale("ms", 1e3), "bytes": Scale("MB", 1e-6), "J/image": Scale("mJ/image", 1e3)}


def usual_scale(unit: str) -> Scale:
    """In which people see figures of a unit that records have."""
    return _USUAL.get(unit) or Scale(unit)


class Quantity(msgspec.Struct, frozen=True, kw_only=True):
    """One quantity that is measured: records, columns and plots take everything from here.

    name: of its measurements. unit: of their values, such as `s`, `bytes` or `images/s`.
    better: which way is better.
    label: what people call it, in a few words.
    batch: of which batch it is: of one image, of the batch of the inference throughput or of the
        timed training step, or of none.
    summary: how a process's samples become its value; a probe's are `median` or `maximum`.
    """

    name: str
    unit: str
    better: Better
    label: str
    batch: Batch = "one"
    summary: Summary = "median"

    def __post_init__(self) -> None:
        """Raise ValueError for what could be no column."""
        if not is_column_name(self.name):
            raise ValueError(
                f"'{self.name}' names no quantity: write up to 60 of a-z, 0-9 and _, a letter first"
            )
        if self.name.endswith(("_low", "_high")):
            raise ValueError(f"'{self.name}' names the end of an interval: choose another name")
        if not all(words and words.isprintable() for words in (self.unit, self.label)):
            raise ValueError(f"quantity '{self.name}' needs a unit and a label of one line")
        for field, allowed in _CHOICES.items():
            if (value := getattr(self, field)) not in allowed:
                named = ", ".join(allowed)
                raise ValueError(f"quantity '{self.name}': {field} is {value!r}, none of {named}")

    @property
    def shown(self) -> Scale:
        """The unit in which people see it, and the factor to it: ms, MB, or the unit itself."""
        return usual_scale(self.unit)

    @property
    def title(self) -> str:
        """Of a plot's axis: `latency, ms`."""
        return f"{self.label}, {self.shown.unit}"

    @property
    def header(self) -> str:
        """Of a table, in two lines."""
        return f"{self.label}\n{self.shown.unit}"

    def column_name(self, end: Literal["", "low", "high"] = "") -> str:
        """Of its column in the leaderboard, or of one end of its interval: `load_low_s`."""
        unit = re.sub(r"[\W_]+", "_", self.unit.lower().replace("/", " per ")).strip("_")
        return "_".join(part for part in (self.name, end, unit) if part)


Compute = Callable[[NDArray[np.float64], NDArray[np.int64]], float]


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of quality, computed by the core for every backend alike.

    name: its column, with the unit where there is one (`loss_nats`).
    better: which way is better.
    compute: (logits (N, classes) float64, labels (N,) int64) -> the figure.
    """

    name: str
    better: Literal["higher", "lower"]
    compute: Compute

    @classmethod
    def of(cls, quantity: Quantity, compute: Compute) -> "Metric":
        """The one of a declared quantity."""
        return cls(quantity.name, quantity.better, compute)
