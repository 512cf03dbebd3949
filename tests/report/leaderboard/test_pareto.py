import pytest
from msgspec.structs import replace

from benchsuite.report.columns.columns import COLUMNS
from benchsuite.report.leaderboard.pareto import FRONTS, pareto_best, pareto_column, pareto_front

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

    assert [r.case.backend for r in rows if r.row_key in best] == ["accurate", "fast"]


def test_rows_that_failed_or_lack_a_figure_take_no_part(make_record):
    rows = [
        row(make_record, "whole", 0.5, 2.0),
        row(make_record, "failed", 0.9, 1.0, status="failed"),
        make_record(backend="untrained", training=None, samples={"latency": (1.0,)}),
    ]

    assert pareto_best(rows, AXES) == {rows[0].row_key}


def test_column_without_a_better_end_is_refused():
    with pytest.raises(ValueError, match="no better end"):
        pareto_best([], [BY_NAME["seed"]])


def fronts(rows):
    column = pareto_column(rows)
    return {record.case.backend: column.read(record) for record in rows}


def test_fronts_cross_architectures_and_name_what_accuracy_is_held_against(make_record):
    size = make_record().findings.size
    large = {"architecture": "large", "size": replace(size, parameters=10**7)}
    rows = [
        row(make_record, "accurate", 0.9, 3.0, **large),
        row(make_record, "small", 0.8, 2.0),
        row(make_record, "fast", 0.5, 1.0, **large),
        row(make_record, "neither", 0.5, 2.0, **large),
    ]

    assert fronts(rows) == {
        "accurate": "latency, parameters",
        "small": "latency, parameters",
        "fast": "latency",
        "neither": None,
    }


def test_front_of_energy_is_of_rows_that_have_it(make_record):
    rows = [
        make_record(backend=name, samples={"energy_per_image": (joules,)})
        for name, joules in (("thrifty", 1.0), ("wasteful", 2.0))
    ]

    assert "energy" in fronts([*rows, make_record(backend="other")])["thrifty"]
    assert "energy" not in fronts(rows)["wasteful"]


@pytest.mark.parametrize("other", [{"tier": "compiled"}, {"digests": {"data": "e" * 64}}])
def test_rows_that_no_ranking_may_mix_have_fronts_of_their_own(make_record, other):
    rows = [
        row(make_record, name, top1, 1.0, **fields)
        for fields, names in (({}, "ab"), (other, "cd"))
        for name, top1 in zip(names, (0.5, 0.4) if fields else (0.9, 0.8), strict=True)
    ]

    assert fronts(rows) == {
        **dict.fromkeys("ac", "latency, parameters"),
        **dict.fromkeys("bd"),
    }


def test_outsider_is_on_no_front_and_nobody_on_one_alone(make_record):
    comparable = [row(make_record, name, 0.5, 1.0) for name in "ab"]
    strange = row(make_record, "strange", 0.9, 0.5, digests={"order": "x" * 64})

    assert fronts([*comparable, strange])["strange"] is None
    assert fronts([strange]) == {"strange": None}


def test_every_front_is_documented_by_its_column():
    assert all(name in pareto_column([]).description for name in FRONTS)
