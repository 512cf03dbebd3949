"""Figures of plugins' probes, as records alone tell of them."""

import pytest
from msgspec.structs import replace

from benchsuite.contract import Quantity
from benchsuite.measure.statistics.estimates import median_estimate
from benchsuite.records import Measurement, RunStore
from benchsuite.report.columns.figures import show_figure
from benchsuite.report.columns.speed_columns import undeclared_columns
from benchsuite.report.comparison.judge import judge
from benchsuite.report.comparison.metrics import metric_named
from benchsuite.report.comparison.pairing import pair_sides
from benchsuite.report.comparison.rows import read_side
from benchsuite.report.leaderboard.rows import columns_of
from benchsuite.report.leaderboard.view import find_column

LOAD = Quantity(name="load", unit="s", better="lower", label="loading", batch="inference")


@pytest.fixture
def make_probed(make_record):
    """A record in which a probe measured so much in each process."""

    def make(values, quantity=LOAD, batch_size=64, **fields):
        estimate = median_estimate(values)
        measured = Measurement.of(
            quantity,
            batch_size=batch_size,
            values=tuple(values),
            rounds=tuple(range(len(values))),
            samples=len(values),
            value=estimate.value,
            low=estimate.low,
            high=estimate.high,
        )
        anchors = {"anchor": tuple(0.002 + n * 1e-6 for n in range(len(values)))}
        record = make_record(protocol="full-1", samples=anchors, **fields)
        found = (*record.findings.measurements, measured)
        return replace(record, findings=replace(record.findings, measurements=found))

    return make


def test_record_alone_says_what_the_columns_are(make_probed):
    record = make_probed([0.001 * n for n in range(1, 7)])

    own, low, high = undeclared_columns([record, record])

    assert (own.name, low.name, high.name) == ("load_s", "load_low_s", "load_high_s")
    assert (own.better, own.ends) == ("lower", ("load_low_s", "load_high_s"))
    assert [c.read(record) for c in (own, low, high)] == [0.0035, 0.001, 0.006]
    assert show_figure(own, record) == "4 ±2"
    assert own.shown.header == "loading\nms"


def test_columns_stand_last_and_are_known_by_the_probes_name(make_probed):
    columns = columns_of([make_probed([1.0] * 6)])

    assert [column.name for column in columns[-3:]] == ["load_s", "load_low_s", "load_high_s"]
    assert find_column("load", columns).name == "load_s"


def test_other_unit_is_another_column(make_probed):
    watts = Quantity(name="load", unit="W", better="higher", label="load")
    first, second = make_probed([1.0] * 6), make_probed([2.0] * 6, watts, backend="b")

    seconds, *_ = columns = [c for c in undeclared_columns([first, second]) if c.measured][::-1]

    assert {column.name for column in columns} == {"load_s", "load_w"}
    assert {(c.name, c.read(first), c.read(second)) for c in columns} == {
        ("load_s", 1.0, None),
        ("load_w", None, 2.0),
    }
    assert seconds.quantity


@pytest.mark.parametrize("changes", [{"metric": "no column"}, {"unit": "?"}, {"label": ""}])
def test_strangers_record_is_no_column_where_it_could_be_none(make_probed, changes):
    record = make_probed([1.0] * 6)
    *others, load = record.findings.measurements
    strange = replace(record.findings, measurements=(*others, replace(load, **changes)))

    assert list(undeclared_columns([replace(record, findings=strange)])) == []


def test_strangers_words_are_one_clean_line(make_probed):
    record = make_probed([1.0] * 6)
    *others, load = record.findings.measurements
    load = replace(load, label="lo\x1b[31mad\nhere")
    strange = replace(record.findings, measurements=(*others, load))

    own, *_ = undeclared_columns([replace(record, findings=strange)])

    assert "\x1b" not in own.shown.header
    assert own.shown.header.count("\n") == 1


@pytest.fixture
def compared(tmp_path):
    """The verdict of a comparison of two records by their probe."""

    def compare(first, second):
        rows = []
        for name, record in (("a", first), ("b", second)):
            RunStore(tmp_path, name).write(replace(record, run=name))
            rows.append(read_side(tmp_path / "runs" / name))
        column = metric_named("load", rows[0])
        (finding,) = judge(pair_sides(*rows).pairs, [column])
        return finding

    return compare


def test_probe_is_judged_as_any_figure_of_speed(make_probed, compared):
    slow, slower = ([level + n / 1000 for n in range(9)] for level in (1.0, 1.5))

    assert compared(make_probed(slow), make_probed(slower)).answer == "worse"
    assert compared(make_probed(slow), make_probed(slow)).answer == "same"


def test_probe_of_another_batch_is_not_compared(make_probed, compared):
    finding = compared(make_probed([1.0] * 9), make_probed([1.0] * 9, batch_size=32))

    assert (finding.answer, finding.how) == ("not comparable", "batch 64 against 32")


def test_probe_that_counts_nothing_has_no_ratio(make_probed, compared):
    finding = compared(make_probed([0.0] * 9), make_probed([1.0] * 9))

    assert finding.answer == "indicative"
