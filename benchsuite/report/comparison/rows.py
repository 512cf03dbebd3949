"""What is compared: the rows of one side, from records or from a leaderboard's CSV."""

import csv
import gc
import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from benchsuite.errors import UsageError, refused
from benchsuite.files import read_whole
from benchsuite.names import readable_line
from benchsuite.records import Measurement, Record, Role, Stored, read_stored
from benchsuite.records.case import ROLES
from benchsuite.report.columns.column import Column, Value
from benchsuite.report.columns.columns import COLUMNS, RENAMED
from benchsuite.report.columns.conditions import CASE_COLUMNS
from benchsuite.report.columns.speed_columns import undeclared_columns

_BY_NAME = {column.name: column for column in COLUMNS}
#: What rows pair by: the case, but for how figures are sampled, which only forbids a verdict.
_PAIRED = tuple(field for field, role in ROLES.items() if role is not Role.SAMPLING)
_NEEDED = ("architecture", "backend", "status", "protocol")


@dataclass(frozen=True, eq=False, slots=True)
class RecordRow:
    """A row with everything that is known of it."""

    stored: Stored

    def cell(self, name: str) -> Value:
        """What the column of that name says."""
        probes = (one for one in undeclared_columns([self.record]) if one.name == name)
        column = _BY_NAME.get(name) or next(probes, None)
        return column.read(self.record) if column else None

    def measured(self, column: Column) -> Measurement | None:
        """What a figure of speed comes from."""
        return column.measurement(self.record)

    def flags(self, column: Column) -> tuple[str, ...]:
        """What is wrong with a figure, by name."""
        return column.flags(self.record)

    def measurement(self, metric: str) -> Measurement | None:
        """The measurement of that name."""
        return self.record.measurement(metric)

    @property
    def record(self) -> Record:
        """What is known."""
        return self.stored.record

    def identity(self, ignored: Sequence[str]) -> Hashable:
        """The case without what is ignored, and without what may differ but forbids a verdict."""
        return self.record.case.values(field for field in _PAIRED if field not in ignored)


@dataclass(frozen=True, eq=False, slots=True)
class TableRow:
    """A row of a CSV: values and their intervals, without the processes behind them."""

    cells: Mapping[str, Value]

    def cell(self, name: str) -> Value:
        """What the column of that name says; None where the file has no such column."""
        return self.cells.get(name)

    def measured(self, column: Column) -> Measurement | None:
        """The figure with its interval and its flags."""
        value = self.cell(column.name)
        quantity = column.quantity
        if column.measured is None or quantity is None or not isinstance(value, float):
            return None
        ends = [self.cell(name) for name in column.ends]
        low, high = [end if isinstance(end, float) else None for end in ends] or (None, None)
        known = {"value": value, "low": low, "high": high, "flags": self.flags(column)}
        return Measurement.of(quantity, values=(), samples=0, **known)

    def flags(self, column: Column) -> tuple[str, ...]:
        """What is wrong with a figure, by name."""
        name = "train" if column.times_training else column.quantity.name if column.quantity else ""
        return _flags(str(self.cell("flags") or "")).get(name, ())

    def measurement(self, metric: str) -> Measurement | None:  # noqa: ARG002 - as RecordRow's
        """None: a CSV has the figures of its columns alone."""
        return None


Row = RecordRow | TableRow


def number_in(row: Row, column: Column) -> float:
    """A figure that is there."""
    value = row.cell(column.name)
    if not isinstance(value, int | float):
        raise TypeError(f"{column.name} is {value!r}, not a number")
    return value


def _flags(cell: str) -> dict[str, tuple[str, ...]]:
    """Of `latency: noisy, wide; build: drift`, the flags by figure."""
    parts = (part.partition(": ") for part in cell.split("; ") if part)
    return {metric: tuple(flags.split(", ")) for metric, _, flags in parts}


def read_side(path: Path) -> list[Row]:
    """The rows at a path: a results folder, a run's folder, a record, or a leaderboard's CSV.

    A name that is no path is that of a run in `results`. Raises UsageError where there is
    nothing to compare.
    """
    run = Path("results") / "runs" / path
    place = run if not path.exists() and run.exists() else path
    rows: list[Row] = []
    if place.suffix == ".csv" and place.is_file():
        rows += _read_table(place)
    else:
        with _without_collection():
            rows += map(RecordRow, read_stored([place]))
    if not rows:
        raise UsageError(f"no records in '{path}': name a run's folder, or run first")
    return rows


@contextmanager
def _without_collection() -> Iterator[None]:
    """Ten thousand records are millions of objects, and none of them is cyclic garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
        # Else the collector would walk through all of them again and again, as long as they live.
        gc.freeze()
    finally:
        if was_on:
            gc.enable()


def _read_table(path: Path) -> list[TableRow]:
    with refused(f"'{path}' is not a leaderboard's CSV", OSError, ValueError, csv.Error):
        reader = csv.DictReader(StringIO(read_whole(path).decode(), newline=""))
        missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
        rows = [
            {name: _value(name, cell) for n, cell in row.items() if (name := RENAMED.get(n, n))}
            for row in reader
        ]
    if missing:
        raise UsageError(
            f"'{path}' is not a leaderboard's CSV: it has no column '{missing[0]}'; "
            "write one with benchsuite leaderboard --csv"
        )
    return [TableRow(cells) for cells in rows]


def _value(name: str, cell: str | None) -> Value:
    """A cell as its column's type; None where it is empty, or no finite number."""
    if not cell:
        return None
    kind = _BY_NAME[name].type if name in _BY_NAME else _type_of(cell)
    if kind == "text":
        return readable_line(cell)
    if kind == "integer":
        return int(cell)
    return value if math.isfinite(value := float(cell)) else None


def _type_of(cell: str) -> str:
    """Of a column that only its file knows, as a plugin's."""
    try:
        float(cell)
    except ValueError:
        return "text"
    return "number"


def identities(sides: Sequence[Sequence[Row]], ignored: Sequence[str] = ()) -> list[list[Hashable]]:
    """Of every row of each side, what it must share with its partner, but for what is ignored."""
    tables = [row for side in sides for row in side if isinstance(row, TableRow)]
    if not tables:
        return [
            [row.identity(ignored) for row in side if isinstance(row, RecordRow)] for side in sides
        ]
    # A CSV does not hold the whole case: all rows are known by the columns that every file has.
    known = [
        name
        for name in CASE_COLUMNS
        if name not in ignored and all(name in row.cells for row in tables)
    ]
    return [[tuple(row.cell(name) for name in known) for row in side] for side in sides]
