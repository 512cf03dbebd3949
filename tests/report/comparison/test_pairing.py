import pytest

from benchsuite.errors import UsageError
from benchsuite.report.comparison.pairing import pair_sides, pair_within


def test_runs_pair_by_case_and_the_rest_is_named(make_row):
    first = [make_row(run="a", seed=seed) for seed in (0, 1)]
    second = [make_row(run="b", seed=seed) for seed in (1, 2)]

    found = pair_sides(first, second)

    assert [(p.first, p.second) for p in found.pairs] == [(first[1], second[0])]
    assert (found.only_first, found.only_second) == ([first[0]], [second[1]])


def test_other_protocols_and_batches_pair_to_be_refused(make_row):
    other = {"protocol": "quick-1", "inference_batch_size": 8}

    found = pair_sides([make_row(run="a")], [make_row(run="b", **other)])

    assert len(found.pairs) == 1


def test_case_that_is_there_twice_is_refused(make_row):
    twice = [make_row(run="a"), make_row(run="b")]

    with pytest.raises(UsageError, match=r"A has lenet5 on torch twice \(runs 'a' and 'b'\)"):
        pair_sides(twice, [make_row(run="c")])


def test_axis_pairs_each_value_with_the_baseline(make_row):
    rows = [make_row(backend=backend) for backend in ("jax", "keras", "torch")]

    assert [
        (p.first.cell("backend"), p.second.cell("backend"))
        for p in pair_within(rows, "backend", "torch").pairs
    ] == [
        ("torch", "jax"),
        ("torch", "keras"),
    ]
    assert {p.first.cell("backend") for p in pair_within(rows, "backend").pairs} == {"jax"}


def test_axis_pairs_within_one_run_only(make_row):
    rows = [make_row(run="a", backend="torch"), make_row(run="b", backend="keras")]

    found = pair_within(rows, "backend")

    assert found.pairs == []
    assert (found.only_first, found.only_second) == ([rows[0]], [rows[1]])


def test_unknown_baseline_is_refused(make_row):
    with pytest.raises(UsageError, match=r"no row has the backend 'torhc'\. Did you mean 'torch'"):
        pair_within([make_row()], "backend", "torhc")
