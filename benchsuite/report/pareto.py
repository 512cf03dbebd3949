"""Which of several things nothing else beats in every respect at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from benchsuite.records import Record
from benchsuite.report.column import Column


def pareto_front(points: Sequence[Sequence[float]]) -> list[bool]:
    """Of points (N, K), whether no other is at least as large in all K and larger in one.

    Equal points are on the front together. Kung, Luccio, Preparata 1975 has the definition.
    """
    values = np.asarray(points, dtype=np.float64)
    on_front = []
    for point in values:
        as_good, better = (values >= point).all(axis=1), (values > point).any(axis=1)
        on_front.append(not bool((as_good & better).any()))
    return on_front


def pareto_best(records: Iterable[Record], columns: Sequence[Column]) -> set[int]:
    """Rows, by `id`, on the front of the columns, each the way its `better` says.

    Rows that did not end well or lack one of the figures take no part. Whether the rows may be
    mixed is `fairness`' matter. Raises ValueError for a column that is not `better` either way.
    """
    signs = [{"higher": 1.0, "lower": -1.0}.get(column.better or "") for column in columns]
    if None in signs:
        raise ValueError("a column has no better end")
    points: dict[int, list[float]] = {}
    for record in records:
        cells = [column.read(record) for column in columns]
        if record.status == "ok" and all(isinstance(cell, int | float) for cell in cells):
            points[id(record)] = [s * float(c) for s, c in zip(signs, cells, strict=True)]  # type: ignore[arg-type, operator] # checked above
    front = pareto_front(list(points.values())) if points else []
    return {key for key, best in zip(points, front, strict=True) if best}
