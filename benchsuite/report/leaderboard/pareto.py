"""Which of several things nothing else beats in every respect at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from benchsuite.metrics.declared import ENERGY, LATENCY, TOP1
from benchsuite.records import Record
from benchsuite.report.columns.column import Column, text
from benchsuite.report.columns.columns import COLUMNS, column_of
from benchsuite.report.fairness.comparable import mismatched
from benchsuite.report.fairness.groups import fair_groups

_PARAMETERS = next(column for column in COLUMNS if column.name == "parameters")
ACCURACY = column_of(TOP1)
#: What accuracy is held against, by the name of the front.
FRONTS: Mapping[str, Column] = {
    "latency": column_of(LATENCY),
    # By itself neither many nor few are better; at the same accuracy, few are.
    "parameters": replace(_PARAMETERS, better="lower"),
    "energy": column_of(ENERGY),
}


def pareto_front(points: Sequence[Sequence[float]]) -> list[bool]:
    """Of points (N, K), whether no other is at least as large in all K and larger in one.

    Equal points are on the front together. Kung, Luccio, Preparata 1975 has the definition.
    """
    values = np.asarray(points, dtype=np.float64)
    # One point at a time: the comparisons of all pairs of ten thousand would take hundreds of MB.
    beaten = (
        ((values >= point).all(axis=1) & (values > point).any(axis=1)).any() for point in values
    )
    return [not is_so for is_so in beaten]


def pareto_best(records: Iterable[Record], columns: Sequence[Column]) -> set[str]:
    """Keys of the rows on the front of the columns, each the way its `better` says.

    Rows that did not end well or lack one of the figures take no part. Whether the rows may be
    mixed is `fairness`' matter. Raises ValueError for a column that is not `better` either way.
    """
    signs = [{"higher": 1.0, "lower": -1.0}.get(column.better or "") for column in columns]
    if None in signs:
        raise ValueError("a column has no better end")
    points = {
        record.row_key: [sign * cell for sign, cell in zip(signs, cells, strict=True)]  # type: ignore[operator] # checked above
        for record in records
        if len(cells := _figures(record, columns)) == len(columns)
    }
    front = pareto_front(list(points.values())) if points else []
    return {key for key, best in zip(points, front, strict=True) if best}


def _figures(record: Record, columns: Sequence[Column]) -> list[float]:
    """Those that a row has of the columns; none where it did not end well."""
    cells = [column.read(record) for column in columns] if record.status == "ok" else []
    return [float(cell) for cell in cells if isinstance(cell, int | float)]


def pareto_column(records: Sequence[Record]) -> Column:
    """The column that names the fronts of accuracy, against each of FRONTS, that a row is on.

    A row is held against those of `records` that a fair ranking may mix it with, whatever their
    architecture, by the figures as they are, intervals aside. Where no other row has both
    figures there is no front. Mismatched rows are on none.
    """
    named: dict[str, list[str]] = {record.row_key: [] for record in records}
    for group in fair_groups(records):
        outside = mismatched(group.records)
        inside = [record for record in group.records if record.row_key not in outside]
        for name, cost in FRONTS.items():
            axes = (ACCURACY, cost)
            complete = [one for one in inside if len(_figures(one, axes)) == len(axes)]
            for key in pareto_best(complete, axes) if len(complete) > 1 else ():
                named[key].append(name)
    return text(
        "pareto",
        f"fronts that it is on, of accuracy against {', '.join(FRONTS)}: see [fronts](#fronts)",
        lambda record: ", ".join(named.get(record.row_key, ())),
    )
