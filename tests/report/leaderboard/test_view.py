from pathlib import Path

import pytest

from benchsuite.errors import UnknownNameError
from benchsuite.report.columns.columns import COLUMNS
from benchsuite.report.leaderboard.rows import columns_of, in_order
from benchsuite.report.leaderboard.view import ALIASES, find_column, view_of

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "leaderboard.md"
BY_NAME = {column.name: column for column in COLUMNS}


def test_aliases_are_of_columns_and_hide_none():
    assert set(ALIASES.values()) <= BY_NAME.keys()
    assert ALIASES.keys().isdisjoint(BY_NAME)


def test_aliases_are_documented_all_of_them_in_order():
    text = DOCUMENT.read_text(encoding="utf-8").partition("\n## Short names\n")[2]

    rows = [line for line in text.partition("\n## ")[0].splitlines() if line[:3] == "| `"]
    assert rows == [f"| `{alias}` | `{name}` |" for alias, name in ALIASES.items()]


def test_column_is_found_by_name_and_by_alias():
    assert find_column("parameters", COLUMNS) is BY_NAME["parameters"]
    assert find_column("params", COLUMNS) is BY_NAME["parameters"]


@pytest.mark.parametrize("option", ["columns", "sort", "group_by"])
def test_unknown_column_is_refused_with_one_that_is_near(option):
    with pytest.raises(UnknownNameError, match=r"unknown column 'top'\. Did you mean 'top"):
        view_of(COLUMNS, **{option: "top"})


def test_columns_stay_in_the_order_asked_for():
    view = view_of(COLUMNS, columns="top1, backend,latency")

    assert [column.name for column in view.chosen] == [
        *("test_top1_fraction", "backend", "latency_batch1_p50_s"),
    ]


def test_sections_are_by_architecture_unless_asked_otherwise_or_rows_are_sorted():
    assert view_of(COLUMNS).section is BY_NAME["architecture"]
    assert view_of(COLUMNS, group_by="backend").section is BY_NAME["backend"]
    assert view_of(COLUMNS, sort="latency").section is None
    assert view_of(COLUMNS, sort="latency", group_by="arch").section is BY_NAME["architecture"]


@pytest.fixture
def order(make_record):
    """A function that gives the seeds of four rows in the order asked for."""

    def of(sort):
        figures = {0: (0.5, 3.0), 1: (0.9, 2.0), 2: (0.9, 1.0), 3: (None, None)}
        records = [
            make_record(seed=seed, test={"top1_fraction": top1}, samples={"latency": (seconds,)})
            if seconds
            else make_record(seed=seed, status="failed", training=None)
            for seed, (top1, seconds) in figures.items()
        ]
        rows = in_order(records, view_of(columns_of(records), sort=sort).sort)
        return [record.case.seed for record in rows]

    return of


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("latency", [2, 1, 0, 3]),
        ("-latency", [0, 1, 2, 3]),
        ("top1", [1, 2, 0, 3]),
        ("-top1", [0, 1, 2, 3]),
        ("top1,latency", [2, 1, 0, 3]),
        ("-seed", [3, 2, 1, 0]),
        ("status,-seed", [3, 2, 1, 0]),
        ("-status,-seed", [2, 1, 0, 3]),
    ],
)
def test_best_come_first_a_minus_reverses_and_missing_come_last(order, sort, expected):
    assert order(sort) == expected
