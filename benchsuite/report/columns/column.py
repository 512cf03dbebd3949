"""What a column of the leaderboard is, and how its cells are read from a record."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from benchsuite.contract.quantity import Quantity
from benchsuite.names import readable_line
from benchsuite.records import Measurement, Record, Role, Training
from benchsuite.records.case import ROLES
from benchsuite.report.columns.quantities import fraction, significant

Value = str | int | float | None
Getter = Callable[[Record], Value]
Better = Literal["higher", "lower"] | None
Kind = Literal["text", "integer", "number"]
#: Tables have 64 bits for a whole number; sums of what a stranger's record says may need more.
_LARGEST = (1 << 63) - 1
#: Where figures stand that plugins added.
LAST = 1000


@dataclass(frozen=True, slots=True)
class Figure:
    """A column as people see it; the header names the unit, a newline parts its two lines.

    factor: from the column's unit to the header's.
    importance: where it stands among others, the least first: a narrow table shows as many as fit.
    """

    header: str
    factor: float = 1.0
    digits: Callable[[float], str] = significant
    importance: int = LAST

    def show(self, value: float) -> str:
        """The column's value, in the header's unit."""
        return self.digits(value * self.factor)


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `read` gives its cell for a record.

    measured: what a figure of speed comes from, with its interval and its flags.
    quantity: that it shows. ends: of its interval, the names of their columns, if there are any.
    times_training: whether it is a time of training, which has the flags of training.
    figure: how people see it among others; None keeps it out of their tables unless asked for.
    alias: a short name.
    field: of the case, that it shows or is a part of; empty where it shows something else.
    role: what that field is for, or what the column itself is for.
    """

    name: str
    type: Kind
    better: Better
    description: str
    get: Getter
    measured: Callable[[Record], Measurement | None] | None = None
    field: str = ""
    role: Role | None = None
    quantity: Quantity | None = None
    ends: tuple[str, ...] = ()
    times_training: bool = False
    figure: Figure | None = None
    alias: str = ""

    def shown_as(
        self,
        header: str,
        importance: int,
        factor: float = 1.0,
        digits: Callable[[float], str] = significant,
    ) -> Column:
        """The same as people see it."""
        return replace(self, figure=Figure(header, factor, digits, importance))

    @property
    def shown(self) -> Figure:
        """How people see its numbers, were they shown."""
        return self.figure or Figure(self.name.replace("_", " "))

    def measurement(self, record: Record) -> Measurement | None:
        """What a record's figure of speed comes from; None of another figure."""
        return self.measured(record) if self.measured else None

    def flags(self, record: Record) -> tuple[str, ...]:
        """What is wrong with a record's figure, by name."""
        if self.times_training:
            return record.findings.training.flags if record.findings.training else ()
        measured = self.measurement(record)
        return measured.flags if measured else ()

    def read(self, record: Record) -> Value:
        """The cell: None, and never zero, where the record does not say, or no finite number."""
        try:
            value = self.get(record)
        except ZeroDivisionError:  # a rate over no time
            return None
        if isinstance(value, str):
            # A stranger's words may hold what steers a terminal, or turns the direction of text.
            return readable_line(value) or None
        if isinstance(value, float) and not math.isfinite(value):
            return None
        if isinstance(value, int) and abs(value) > _LARGEST:
            return None
        return value


def of_training(get: Callable[[Training], Value]) -> Getter:
    """A fact of training; None where the case was not trained."""
    return lambda record: None if record.trained is None else get(record.trained)


def _at(path: str) -> Getter:
    """What stands there in a record, such as `case.recipe.lr`; None where a part is not known."""
    parts = [int(part) if part.isdigit() else part for part in path.split(".")]

    def get(record: Record) -> Value:
        found: Any = record
        for part in parts:
            if found is None:
                return None
            found = found[part] if isinstance(part, int) else getattr(found, part)
        return found  # type: ignore[no-any-return] # columns are of values alone

    return get


def _column(
    kind: Kind,
    name: str,
    description: str,
    source: Getter | str,
    better: Better = None,
    *,
    field: str = "",
    role: Role | None = None,
    alias: str = "",
) -> Column:
    """A column of a source: what reads its cells, or where they stand in a record."""
    # What stands in a field of the case has that field's role: lists of conditions follow from it.
    if isinstance(source, str):
        root, *rest = source.split(".")
        field = rest[0] if root == "case" else field
    get = _at(source) if isinstance(source, str) else source
    role = role or (ROLES[field] if field else None)
    return Column(name, kind, better, description, get, field=field, role=role, alias=alias)


text = partial(_column, "text")
integer = partial(_column, "integer")
number = partial(_column, "number")


def of_quantity(column: Column, quantity: Quantity, importance: int | None = None) -> Column:
    """The column as one that shows a declared quantity, in the unit that people see."""
    own = replace(column, quantity=quantity)
    if importance is None:
        return own
    digits = fraction if quantity.unit == "fraction" else significant
    return own.shown_as(quantity.header, importance, quantity.shown.factor, digits)
