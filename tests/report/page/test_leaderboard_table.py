import msgspec
import pytest

from benchsuite.report.fairness.groups import fair_groups
from benchsuite.report.page.leaderboard_table import leaderboard
from benchsuite.report.page.table import PageCell


@pytest.fixture
def board(make_source):
    """A function that gives the headings' names and the rows, by heading, of such records."""

    def make(*records):
        (group,) = fair_groups(make_source(records).records)
        table = leaderboard(group, "all")
        names = [heading.name for heading in table.headings]
        return table, [dict(zip(names, row.cells, strict=True)) for row in table.rows]

    return make


def test_every_row_is_there_whatever_its_status(board, make_record):
    failed = make_record(backend="b", status="timeout", reason="no\nluck", training=None)
    table, (good, bad) = board(make_record(backend="a"), failed)

    assert (good["status"], bad["status"]) == ("ok", PageCell("timeout", look="bad"))
    assert bad["reason"] == "no luck"
    assert bad["latency, ms"] == bad["test top-1, fraction"] == ""
    assert all(row.key.startswith("run-1/lenet5.") for row in table.rows)


def test_figure_is_read_in_its_unit_and_sorted_by_its_value(board, make_record):
    _, (row,) = board(make_record(samples={"latency": (0.0015,)}))

    assert row["latency, ms"] == PageCell("1.50", 0.0015)


def test_interval_is_shown(board, make_record):
    values = (0.00190, 0.00191, 0.00193, 0.00193, 0.00195, 0.00196)
    _, (row,) = board(make_record(samples={"latency": values}))

    assert row["latency, ms"].text == "1.93 ±0.03"


def test_doubtful_figure_says_why(board, make_record):
    record = make_record()
    flagged = tuple(
        msgspec.structs.replace(m, flags=("under_parallel", "not_steady"))
        for m in record.findings.measurements
    )
    findings = msgspec.structs.replace(record.findings, measurements=flagged)
    _, (row,) = board(msgspec.structs.replace(record, findings=findings))

    assert row["latency, ms"] == PageCell("~2.00", 0.002, "not steady", "doubtful")


def test_best_and_front_are_marked(board, make_record):
    _, (one, other) = board(
        make_record(backend="a", test={"top1_fraction": 0.9}),
        make_record(backend="b", test={"top1_fraction": 0.8}),
    )

    assert one["test top-1, fraction"] == PageCell("0.900*", 0.9, look="best")
    assert other["test top-1, fraction"] == PageCell("0.800", 0.8)
    assert (one["backend"], other["backend"]) == ("a", "b")
    assert (one["pareto"], other["pareto"]) == ("◆ latency, parameters", "")


def test_mismatched_row_is_said_to_be_one(board, make_record):
    _, rows = board(
        make_record(backend="a"), make_record(backend="b"),
        make_record(backend="c", digests={"order": "x"}),
    )  # fmt: skip

    assert [row["backend"] for row in rows[:2]] == ["a", "b"]
    assert rows[2]["backend"].note.startswith("≠ not compared")


def test_conditions_have_a_column_where_they_differ(board, make_record):
    table, rows = board(make_record(seed=0), make_record(seed=1))

    assert [row["seed"].value for row in rows] == [0, 1]
    assert "run" not in [heading.name for heading in table.headings]


def test_first_figures_are_shown_and_more_are_to_be_had(board, make_record):
    table, _ = board(make_record())

    extra = {heading.name for heading in table.headings if heading.extra}
    assert "latency, ms" not in extra
    assert {"MACs, M", "flags"} <= extra
    assert {h.name for h in table.headings if h.descending} >= {"inference, images/s"}
