"""Columns by what they are for: which tell rows apart, and in which a ranking's rows agree.

All lists follow from the roles that fields of a case, and the few columns beside them, declare.
"""

from collections.abc import Sequence
from dataclasses import replace

from benchsuite.records import Record, Role
from benchsuite.report.columns.column import Column, Value, text
from benchsuite.report.columns.columns import COLUMNS
from benchsuite.report.columns.quantities import extents

#: The two that stand in every row's name.
NAMES = ("architecture", "backend")
#: Of a digest, as much as tells it from others.
_DIGITS = 8
#: The three extents of an image tell rows apart as one.
_SHAPES = {
    "input_shape": text(
        "input",
        "height × width × channels of the images it is measured on",
        lambda record: extents(record.case.input_shape),
        field="input_shape",
    ),
    "train_input_shape": text(
        "training input",
        "height × width × channels of the images it is trained on",
        lambda record: extents(record.case.train_input_shape),
        field="train_input_shape",
    ),
}


def _short(column: Column) -> Column:
    """A digest's first digits, under the name of what it is a digest of."""

    def read(record: Record) -> Value:
        value = column.get(record)
        return value[:_DIGITS] if isinstance(value, str) else None

    return replace(column, name=column.name.removesuffix("_digest"), get=read)


def _condition(column: Column) -> Column:
    if column.field in _SHAPES:
        return _SHAPES[column.field]
    return _short(column) if column.name.endswith("_digest") else column


#: What may tell rows of one architecture and backend apart, in the order of the columns.
CONDITIONS: Sequence[Column] = tuple(
    dict.fromkeys(_condition(one) for one in COLUMNS if one.role and one.name not in NAMES)
)
#: Of these, what rows of one ranking agree in: machine, way of measuring, input pipeline, data.
SETTING: Sequence[Column] = tuple(
    column for column in CONDITIONS if column.role in (Role.AXIS, Role.SETTING, Role.SAMPLING)
)
#: Of these, what is found out while a case runs: a row that ended early may not know it.
FOUND_OUT = frozenset(column.name for column in SETTING if not column.field)
#: The size of the images that a network is measured on, as one.
INPUT = _SHAPES["input_shape"]
#: What may differ from row to row of one ranking.
WITHIN_SETTING: Sequence[Column] = tuple(c for c in CONDITIONS if c not in SETTING)
#: Columns of a leaderboard's CSV by which a case is known; it does not hold the whole recipe.
CASE_COLUMNS: Sequence[str] = tuple(
    column.name for column in COLUMNS if column.field and column.role is not Role.SAMPLING
)
#: Of networks and recipes: every architecture has its own, so they tell apart rows of one alone.
_BY_ARCHITECTURE = (Role.IDENTITY, Role.TRAINING)


def distinct(records: Sequence[Record], column: Column) -> list[Value]:
    """What a column says, each value once; records that do not say are left out."""
    values = dict.fromkeys(column.read(record) for record in records)
    return [value for value in values if value is not None]


def telling_apart(records: Sequence[Record], columns: Sequence[Column]) -> list[Column]:
    """Of these columns, those in which rows differ that nothing else need tell apart."""
    return [column for column in columns if _tells_apart(records, column)]


def _tells_apart(records: Sequence[Record], column: Column) -> bool:
    if column.role not in _BY_ARCHITECTURE:
        # A row that ended early differs in nothing that it never found out.
        unknown = {None} if column.name in FOUND_OUT else set()
        return len({column.read(record) for record in records} - unknown) > 1
    found: dict[str, set[Value]] = {}
    for record in records:
        found.setdefault(record.case.architecture, set()).add(column.read(record))
    return any(len(values) > 1 for values in found.values())
