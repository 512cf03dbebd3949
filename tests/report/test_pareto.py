import pytest

from benchsuite.report.columns import COLUMNS
from benchsuite.report.pareto import pareto_best, pareto_front

BY_NAME = {column.name: column for column in COLUMNS}
AXES = [BY_NAME["test_top1_fraction"], BY_NAME["latency_batch1_p50_s"]]


@pytest.mark.parametrize(
    ("points", "front"),
    [
        ([], []),
        ([(1.0, 1.0)], [True]),
        ([(1.0, 2.0), (2.0, 1.0)], [True, True]),
        ([(1.0, 1.0), (2.0, 2.0)], [False, True]),
        ([(1.0, 2.0), (1.0, 1.0)], [True, False]),
        ([(1.0, 1.0), (1.0, 1.0)], [True, True]),
        ([(3.0, 1.0, 1.0), (2.0, 2.0, 2.0), (2.0, 1.0, 2.0)], [True, True, False]),
    ],
)
def test_front_is_of_points_that_nothing_dominates(points, front):
    assert pareto_front(points) == front


def row(make_record, backend, top1, seconds, **fields):
    found = {"latency": (seconds,)}
    return make_record(backend=backend, test={"top1_fraction": top1}, samples=found, **fields)


def test_best_take_each_column_its_own_way(make_record):
    rows = [
        row(make_record, "accurate", 0.9, 3.0),
        row(make_record, "fast", 0.5, 1.0),
        row(make_record, "neither", 0.5, 2.0),
    ]
    best = pareto_best(rows, AXES)

    assert [r.case.backend for r in rows if id(r) in best] == ["accurate", "fast"]


def test_rows_that_failed_or_lack_a_figure_take_no_part(make_record):
    rows = [
        row(make_record, "whole", 0.5, 2.0),
        row(make_record, "failed", 0.9, 1.0, status="failed"),
        make_record(backend="untrained", training=None, samples={"latency": (1.0,)}),
    ]

    assert pareto_best(rows, AXES) == {id(rows[0])}


def test_column_without_a_better_end_is_refused():
    with pytest.raises(ValueError, match="no better end"):
        pareto_best([], [BY_NAME["seed"]])
