import pytest

from benchsuite.measure.protocol import FULL
from benchsuite.measure.step_parts import part_figures
from benchsuite.measure.summary import is_precise, summarise
from benchsuite.records.series import Reading, Series

READING = Reading(seconds=1.0, cores_used=2.0)
MS = 1_000_000


def windows(metric, number, step_ms, calls=10, **fields):
    """Two windows, one of them twice as long as the other, in which a call takes so long."""
    mean = step_ms * calls * MS
    return Series(
        metric=metric,
        batch_size=16,
        images=16 * calls,
        calls=calls,
        samples=(round(mean * 2 / 3), round(mean * 4 / 3)),
        warmups=(9 * MS,),
        reading=READING,
        round=number,
        **fields,
    )


def process(number, forward=2.0, backward=5.0, step=6.0, **fields):
    return [
        windows("training_throughput", number, step, calls=7),
        windows("training_forward", number, forward, **fields),
        windows("training_backward", number, backward, calls=20),
    ]


def figures(series):
    return {figure.metric: figure for figure in part_figures(series)}


def test_parts_are_differences_and_add_up_to_the_step():
    found = figures(process(0))

    assert {name: figure.value for name, figure in found.items()} == pytest.approx(
        {"training_forward": 0.002, "training_backward": 0.003, "training_update": 0.001}
    )
    step = 16 / summarise(process(0), FULL)[0].value
    assert sum(figure.value for figure in found.values()) == pytest.approx(step)
    assert {(f.unit, f.better, f.batch_size, f.samples) for f in found.values()} == {
        ("s", "lower", 16, 2)
    }


def test_interval_is_that_of_the_processes_own_differences():
    shifts = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
    series = [one for n, by in enumerate(shifts) for one in process(n, 2 + by, 5 + by, 6 + by)]

    found = figures(series)

    assert found["training_forward"].low == pytest.approx(0.002)
    assert found["training_forward"].high == pytest.approx(0.007)
    assert found["training_backward"].low == pytest.approx(0.003)
    assert found["training_backward"].high == pytest.approx(0.003)
    assert found["training_update"].rounds == (0, 1, 2, 3, 4, 5)


@pytest.mark.parametrize("step", [5.0, 4.9])
def test_difference_that_may_be_nothing_is_refused(step):
    update = figures(process(0, step=step))["training_update"]

    assert (update.value, update.low, update.high) == (None, None, None)
    assert update.refused.startswith("a difference that may be nothing: it begins at ")
    assert update.values == pytest.approx(((step - 5) / 1000,), abs=1e-9)
    assert figures(process(0, step=step))["training_backward"].refused == ""


def test_interval_that_reaches_nothing_is_refused():
    series = [one for n in range(6) for one in process(n, step=4.9 if n == 3 else 6.0)]

    assert figures(series)["training_update"].value is None


def test_flags_are_those_of_both_programs():
    series = process(0, flags=("contaminated", "not_steady"))

    found = figures(series)

    assert found["training_forward"].flags == ("contaminated", "not_steady")
    assert found["training_backward"].flags == ("contaminated", "not_steady")
    assert found["training_update"].flags == ()


def test_processes_that_differ_are_flagged():
    series = [one for n in range(6) for one in process(n, step=6.0 + n)]

    assert "noisy" in figures(series)["training_update"].flags
    assert "noisy" not in figures(series)["training_backward"].flags


def test_process_that_was_cut_short_has_no_part_in_what_it_did_not_sample():
    found = figures([*process(0), *process(1)[:2]])

    assert [
        len(found[part].values)
        for part in ("training_backward", "training_forward", "training_update")
    ] == [1, 2, 1]


def test_step_without_parts_has_no_such_figure():
    assert figures(process(0)[:1]) == {}


def test_parts_stand_in_the_summary_in_place_of_their_programs():
    found = summarise(process(0), FULL)

    names = [figure.metric for figure in found]
    assert names == [
        "training_throughput",
        "first_training_step",
        "training_forward",
        "training_backward",
        "training_update",
    ]


def test_parts_add_no_round():
    series = [one for n in range(6) for one in process(n, forward=2 + n / 4, step=6 + n / 1000)]

    found = summarise(series, FULL)

    assert "noisy" in next(f for f in found if f.metric == "training_forward").flags
    assert is_precise(found)
