"""What benchsuite declares of each quantity that it measures, and the list of them by name."""

from typing import Literal

import msgspec

from benchsuite.contract.quantity import Quantity, Scale, usual_scale
from benchsuite.errors import UnknownNameError, did_you_mean


class Declaration(Quantity, frozen=True, kw_only=True):
    """A quantity that benchsuite itself measures.

    label: its name in words, where nothing else is said.
    short: the label for a table's header, where another is needed. help: what exactly it is.
    scale: the unit in which people see it, where it is not the usual one.
    precision: half the width of the interval, as a share of the value, down to which rounds are
        added; None adds none: it is sampled once a process, or explains another figure.
    column: its column's name, with `{}` where `_low` and `_high` go; empty where it has none.
    interval: whether columns have the ends of its interval.
    alias: a short name of the column.
    importance: where people see it among others, the least first; None keeps it from their
        tables.
    headline: whether plots that show several figures of a network have it.
    contested: whether every pair of rows gets a verdict on it.
    source: the series that it is made of, where these have another name.
    less: of a part of a step, the series of the program that ends before it.
    share: of a tail, which percentile it is.
    """

    label: str = ""
    short: str = ""
    help: str = ""
    scale: Scale | None = None
    precision: float | None = None
    column: str = ""
    interval: bool = True
    alias: str = ""
    importance: int | None = None
    headline: bool = False
    contested: bool = False
    source: str = ""
    less: str = ""
    share: float = 0.0

    def __post_init__(self) -> None:
        """Raise ValueError for what could be no column."""
        if not self.label:
            msgspec.structs.force_setattr(self, "label", self.name.replace("_", " "))
        super().__post_init__()

    @property
    def shown(self) -> Scale:
        """The unit in which people see it, and the factor to it."""
        return self.scale or usual_scale(self.unit)

    @property
    def header(self) -> str:
        """Of a table, in two lines."""
        return f"{self.short or self.label}\n{self.shown.unit}"

    def column_name(self, end: Literal["", "low", "high", "bound"] = "") -> str:
        """Of its column, or of one end of its interval; empty where it has none."""
        return self.column.format(f"_{end}" if end else "")


class Declarations(dict[str, Declaration]):
    """Declared quantities by name; an undeclared one is an error that says which there are.

    A record may hold a plugin's: `get` gives None for it.
    """

    def __init__(self, *declared: Declaration) -> None:
        super().__init__({metric.name: metric for metric in declared})

    def __missing__(self, name: str) -> Declaration:
        raise UnknownNameError(self.undeclared(name))

    def undeclared(self, name: str) -> str:
        """What is wrong with a name that nobody declared."""
        return (
            f"metric '{name}' is not declared.{did_you_mean(name, self)} "
            f"Declared: {', '.join(self)}; a plugin declares others with benchsuite_probes"
        )

    def drawn_from(self, series: str) -> list[Declaration]:
        """The figures made of a series of that name, its own first. Raises UnknownNameError."""
        return [self[series], *(one for one in self.values() if one.source == series)]
