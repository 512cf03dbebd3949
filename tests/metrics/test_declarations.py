import re
from pathlib import Path

import pytest

import benchsuite
from benchsuite.errors import UnknownNameError
from benchsuite.metrics import CONTESTED, METRICS, QUALITY
from benchsuite.records.series import Reading, Series

CORE = Path(benchsuite.__file__).parent
ALL = [*METRICS.values(), *QUALITY.values()]


def test_undeclared_metric_is_an_error_that_names_what_is_declared():
    with pytest.raises(UnknownNameError, match="Did you mean 'latency'"):
        METRICS["latncy"]
    with pytest.raises(UnknownNameError, match="training_update"):
        METRICS.drawn_from("speed")
    assert METRICS.get("latncy") is None


def test_undeclared_series_is_an_error():
    reading = Reading(seconds=1.0, cores_used=1.0)

    with pytest.raises(ValueError, match="'throughput' is not declared"):
        Series(metric="throughput", batch_size=1, images=1, samples=(1,), reading=reading)


def test_measurements_are_made_of_declarations_alone():
    """Else a figure could have any name, unit and direction."""
    by_hand = [
        str(path.relative_to(CORE))
        for path in CORE.rglob("*.py")
        if re.search(r"\bMeasurement\(\s*\w", path.read_text(encoding="utf-8"))
    ]

    assert by_hand == ["records/schema.py"]  # the class itself


def test_no_name_of_a_figure_is_written_elsewhere():
    """Whoever needs one takes it from its declaration."""
    long = [one.name for one in METRICS.values() if "_" in one.name and one.name != "first_call"]
    columns = [one.column.format("") for one in METRICS.values() if one.column]
    name = re.compile(rf"\"({'|'.join([*long, *columns])})\"")
    found = {
        str(path.relative_to(CORE))
        for path in CORE.rglob("*.py")
        if name.search(path.read_text(encoding="utf-8"))
    }

    assert found == {"metrics/declared.py"}


def test_names_columns_and_aliases_are_each_of_one_figure():
    for values in (
        [one.name for one in ALL],
        [one.column for one in ALL if one.column],
        [one.alias for one in ALL if one.alias],
        [one.importance for one in ALL if one.importance is not None],
    ):
        assert len(set(values)) == len(values)


def test_what_is_made_of_others_names_them():
    for one in METRICS.values():
        assert one.source in ("", *METRICS)
        assert one.less in ("", *METRICS)
        assert (one.share > 0) == (one.summary == "tail")


def test_verdicts_are_on_figures_that_rounds_make_precise():
    assert CONTESTED == ("latency", "inference_throughput", "training_throughput")
    assert all(METRICS[name].precision for name in CONTESTED)


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("latency", ["latency", "latency_p90", "latency_p99", "first_call"]),
        ("training_throughput", ["training_throughput", "first_training_step", "training_update"]),
        ("anchor", ["anchor"]),
    ],
)
def test_figures_of_a_series_begin_with_its_own(name, drawn):
    assert [one.name for one in METRICS.drawn_from(name)] == drawn
