import pytest
from msgspec.structs import replace

from benchsuite.records import Stored
from benchsuite.report.comparison.metrics import metric_named
from benchsuite.report.comparison.rows import RecordRow
from benchsuite.report.history import histories

LATENCY = metric_named("latency")


@pytest.fixture
def make_runs(make_row):
    """A function that gives a row for each figure, in order of time; None is a failed run."""

    def make(figures, **facts):
        rows = []
        for day, figure in enumerate(figures, start=1):
            known = {"latency": figure} if figure else {"status": "failed", "device_name": ""}
            rows.append(at(make_row(run=f"run-{day:02}", **{**facts, **known}), day))
        return rows

    return make


def at(row, day):
    record = replace(row.record, started=f"2026-01-{day:02}T00:00:00+00:00")
    return RecordRow(Stored(row.stored.path, record))


def test_step_is_named_by_the_run_from_which_it_holds(make_runs):
    rows = make_runs([1.0, 1.01, 0.99, 1.0, 1.2, 1.21, 1.19, 1.2])

    (found,) = histories(rows[::-1], LATENCY)

    (step,) = found.steps
    assert (step.run, step.answer) == ("run-05", "worse")
    assert step.change == pytest.approx(1.2)


def test_run_without_a_figure_is_shown_and_no_level(make_runs):
    (found,) = histories(make_runs([1.0, 1.0, None, 1.0, 1.0]), LATENCY)

    assert found.sparkline[2] == "×"
    assert len(found.known) == 4
    assert found.steps == []


def test_disturbed_figure_is_no_level(make_runs, marked):
    *calm, fourth, fifth = make_runs([1.0, 1.0, 1.0, 9.0, 9.0])
    rows = [*calm, *(marked(row, flags=("contaminated",)) for row in (fourth, fifth))]

    (found,) = histories(rows, LATENCY)

    assert found.sparkline.endswith("××")
    assert found.steps == []


def test_bars_span_the_figures_and_small_differences_look_level(make_runs):
    (rising,) = histories(make_runs([1.0, 2.0, 3.0]), LATENCY)
    (level,) = histories(make_runs([1.0, 1.001, 0.999]), LATENCY)

    assert (rising.sparkline[0], rising.sparkline[-1]) == ("▁", "█")
    assert len(set(level.sparkline)) <= 2


@pytest.mark.parametrize(
    "other", [{"device_name": "Other CPU"}, {"backend": "keras-jax"}, {"protocol": "tour-2"}]
)
def test_other_machines_cases_and_protocols_are_other_series(make_runs, other):
    found = histories([*make_runs([1.0, 1.0]), *make_runs([1.0], **other)], LATENCY)

    assert [len(history.rows) for history in found] == [2, 1]


def test_case_without_the_figure_has_no_history(make_runs):
    assert histories(make_runs([1.0]), metric_named("energy")) == []


def test_accuracy_steps_by_a_difference(make_row):
    shares = [0.9, 0.9, 0.9, 0.8, 0.8, 0.8]
    rows = [
        at(make_row(run=f"r{i}", test={"top1_fraction": s}), i + 1) for i, s in enumerate(shares)
    ]

    (found,) = histories(rows, metric_named("top1"))

    assert found.steps[0].change == pytest.approx(-0.1)
    assert found.steps[0].answer == "worse"
