"""What a column of the leaderboard is, and how its cells are read from a record."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from benchsuite.contract.quantity import Quantity
from benchsuite.names import readable_line
from benchsuite.records import Measurement, Record, Role, Training
from benchsuite.records.case import ROLES
from benchsuite.report.columns.quantities import fraction, significant

Value = str | int | float | None
Getter = Callable[[Record], Value]
Better = Literal["higher", "lower"] | None
_LARGEST = (1 << 63) - 1
#: Where figures stand that plugins added.
LAST = 1000


@dataclass(frozen=True, slots=True)
class Figure:
    """A column as people see it; the header names the unit, a newline parts its two lines.

    factor: from the column's unit to the header's.
    importance: where it stands among others, the least first: a narrow table shows as many as fit.
    """

    column: str
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
    figure: how people see it among others; None keeps it out of their tables unless asked for.
    alias: a short name.
    field: of the case, that it shows or is a part of; empty where it shows something else.
    role: what that field is for, or what the column itself is for.
    """

    name: str
    type: Literal["text", "integer", "number"]
    better: Better
    description: str
    get: Getter
    measured: Callable[[Record], Measurement | None] | None = None
    field: str = ""
    role: Role | None = None
    quantity: Quantity | None = None
    ends: tuple[str, ...] = ()
    figure: Figure | None = None
    alias: str = ""

    def shown_as(
        self,
        header: str,
        importance: int,
        factor: float = 1.0,
        digits: Callable[[float], str] = significant,
        alias: str = "",
    ) -> Column:
        """The same as people see it."""
        figure = Figure(self.name, header, factor, digits, importance)
        return replace(self, figure=figure, alias=alias)

    def read(self, record: Record) -> Value:
        """The cell: None, and never zero, where the record does not say, or no finite number.

        Sums of what a stranger's record says may be more than a table's 64 bits hold.
        """
        try:
            value = self.get(record)
        except ZeroDivisionError:  # a rate over no time
            return None
        if isinstance(value, str):
            return readable_line(value) or None
        if isinstance(value, float) and not math.isfinite(value):
            return None
        if isinstance(value, int) and abs(value) > _LARGEST:
            return None
        return value


def of_record(field: str) -> Getter:
    """A field of the record."""
    return lambda record: getattr(record, field)


def of_case(field: str) -> Getter:
    """A field of its case."""
    return lambda record: getattr(record.case, field)


def of_recipe(field: str) -> Getter:
    """A field of its recipe."""
    return lambda record: getattr(record.case.recipe, field)


def of_axis(field: str, axis: int) -> Getter:
    """One extent of a shape of its case."""
    return lambda record: getattr(record.case, field)[axis]


def of_size(field: str) -> Getter:
    """A field of the network's size; None where it is not known."""
    return lambda record: getattr(record.findings.size, field, None)


def of_training(get: Callable[[Training], Value]) -> Getter:
    """A fact of training; None where the case was not trained."""

    def value(record: Record) -> Value:
        training = record.findings.training
        return get(training) if training and training.epochs else None

    return value


def of_digests(field: str) -> Getter:
    """A digest of what it was trained from."""
    return of_training(lambda training: getattr(training.digests, field))


def showing(field: str, *columns: Column, role: Role | None = None) -> tuple[Column, ...]:
    """Columns that show a field of the case, or parts of it; they have its role, or this one."""
    return tuple(replace(column, field=field, role=role or ROLES[field]) for column in columns)


def case_text(field: str, description: str) -> Column:
    """A column of texts that is a field of the case, under its name."""
    return showing(field, text(field, description, of_case(field)))[0]


def case_integer(field: str, description: str) -> Column:
    """A column of whole numbers, likewise."""
    return showing(field, integer(field, description, of_case(field)))[0]


def text(name: str, description: str, value: Getter) -> Column:
    """A column of texts."""
    return Column(name, "text", None, description, value)


def integer(name: str, description: str, value: Getter, better: Better = None) -> Column:
    """A column of whole numbers."""
    return Column(name, "integer", better, description, value)


def number(name: str, description: str, value: Getter, better: Better = None) -> Column:
    """A column of numbers."""
    return Column(name, "number", better, description, value)


def of_quantity(column: Column, quantity: Quantity, importance: int | None = None) -> Column:
    """The column as one that shows a declared quantity, in the unit that people see."""
    own = replace(column, quantity=quantity)
    if importance is None:
        return own
    digits = fraction if quantity.unit == "fraction" else significant
    return own.shown_as(quantity.header, importance, quantity.shown.factor, digits)
