import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from benchsuite.contract import Quantity
from benchsuite.measure.protocol import FULL, TOUR
from benchsuite.measure.summary import is_precise, summarise
from benchsuite.records import Proof
from benchsuite.records.series import AcceleratorReading, Reading, Series

READING = Reading(seconds=1.0, cores_used=2.0)
MS = 1_000_000


def latency(number, samples, **fields):
    return Series(
        metric="latency",
        batch_size=1,
        images=1,
        samples=tuple(samples),
        warmups=(90 * MS, 2 * MS),
        reading=READING,
        round=number,
        **fields,
    )


def throughput(number, windows, images=100, batch_size=32, **fields):
    return Series(
        metric="inference_throughput",
        batch_size=batch_size,
        images=images,
        samples=tuple(windows),
        reading=READING,
        round=number,
        **fields,
    )


def by_name(found):
    return {(m.metric, m.batch_size): m for m in found}


def calls(count, seed=0, level=1.0):
    return (np.random.default_rng(seed).gamma(50, level / 50, count) * MS).astype(int).tolist()


def test_latency_is_the_median_of_the_processes_medians():
    series = [latency(n, [n * MS, 5 * MS, 9 * MS]) for n in range(6)]

    found = by_name(summarise(series, FULL))["latency", 1]

    assert found.values == (0.005,) * 6
    assert (found.value, found.low, found.high) == (0.005, 0.005, 0.005)
    assert (found.samples, found.rounds) == (18, (0, 1, 2, 3, 4, 5))


def test_throughput_is_all_images_over_all_time_and_no_mean_of_rates():
    found = by_name(summarise([throughput(0, [1000 * MS, 3000 * MS])], TOUR))

    assert found["inference_throughput", 32].value == pytest.approx(200 / 4)


def test_one_process_has_a_figure_and_no_interval():
    found = by_name(summarise([latency(0, calls(100))], TOUR))["latency", 1]

    assert found.value is not None
    assert (found.low, found.high) == (None, None)


def test_batches_are_figures_of_their_own():
    series = [throughput(0, [MS], batch_size=size) for size in (1, 32)]

    assert set(by_name(summarise(series, TOUR))) == {
        ("inference_throughput", 1),
        ("inference_throughput", 32),
    }


def test_discarded_series_count_for_nothing():
    series = [latency(0, [MS]), latency(0, [9 * MS], attempt=1, discarded=True)]

    assert by_name(summarise(series, TOUR))["latency", 1].values == (0.001,)


@pytest.mark.parametrize(
    ("count", "has"), [(40, []), (50, ["p90"]), (499, ["p90"]), (500, ["p90", "p99"])]
)
def test_tails_have_intervals_where_calls_and_processes_are_enough(count, has):
    found = by_name(summarise([latency(n, calls(count, n)) for n in range(6)], FULL))

    assert [t for t in ("p90", "p99") if found[f"latency_{t}", 1].low is not None] == has
    assert [t for t in ("p90", "p99") if found[f"latency_{t}", 1].bound is not None] == has
    few = by_name(summarise([latency(n, calls(3000, n)) for n in range(5)], FULL))
    assert (few["latency_p99", 1].low, few["latency_p99", 1].bound) == (None, None)
    assert few["latency_p99", 1].value is not None


@pytest.mark.parametrize(
    ("count", "p90", "p99"),
    [
        (63, "63 calls; it takes 64", "63 calls; it takes 662"),
        (300, "", "300 calls; it takes 662"),
        (661, "", "661 calls; it takes 662"),
        (662, "", ""),
    ],
)
def test_tails_are_refused_where_the_calls_do_not_carry_them(count, p90, p99):
    found = by_name(summarise([latency(0, calls(count))], TOUR))

    assert found["latency_p90", 1].refused == p90
    assert found["latency_p99", 1].refused == p99
    for share, refused in (("latency_p90", p90), ("latency_p99", p99)):
        assert (found[share, 1].value is None) == bool(refused)


def test_process_of_few_calls_has_no_rare_percentile():
    found = by_name(summarise([latency(n, calls(99, n)) for n in range(9)], FULL))

    assert found["latency_p99", 1].refused == "99 calls in a process; it takes 100"
    assert found["latency_p90", 1].refused == ""


def test_tail_is_that_of_the_median_process():
    """One slow process of six is a straggler, and no tail of the others."""
    series = [latency(n, calls(600, seed=n, level=3.0 if n == 5 else 1.0)) for n in range(6)]

    tail = by_name(summarise(series, FULL))["latency_p99", 1]

    assert tail.value == np.median(tail.values)
    assert tail.value < 1.6e-3
    assert max(tail.values) == tail.high > 3e-3


def test_tail_of_several_processes_has_an_interval_and_a_bound():
    series = [latency(n, calls(600, seed=n)) for n in range(6)]

    tail = by_name(summarise(series, FULL))["latency_p99", 1]

    assert tail.low <= tail.value <= tail.high <= tail.bound * 1.2
    assert tail.bound > tail.value
    assert tail.value == pytest.approx(0.001 * np.quantile(calls(10**5), 0.99) / MS, rel=0.05)


def test_tail_of_calls_too_short_for_the_clock_is_refused():
    found = by_name(summarise([latency(0, calls(4000, level=0.02))], TOUR))

    assert "shorter than 50 µs" in found["latency_p99", 1].refused


def test_first_call_is_told_apart():
    found = by_name(summarise([latency(0, [MS])], TOUR))["first_call", 1]

    assert found.value == pytest.approx(0.09)


def test_flag_counts_where_most_processes_have_it_and_contamination_always():
    series = [latency(n, calls(300, seed=n)) for n in range(6)]
    series[0] = replace(series[0], flags=("not_steady", "contaminated"))
    for number in range(1, 5):
        series[number] = replace(series[number], flags=("preempted",))

    flags = by_name(summarise(series, FULL))["latency", 1].flags

    assert flags == ("contaminated", "preempted")


def test_figure_whose_processes_all_get_slower_drifts():
    rising = [MS] * 100 + [round(1.02 * MS)] * 100 + [round(1.05 * MS)] * 100
    drifting = by_name(summarise([latency(n, rising) for n in range(6)], FULL))
    either_way = [latency(n, rising if n % 2 else rising[::-1]) for n in range(6)]

    assert "drift" in drifting["latency", 1].flags
    assert "drift" not in by_name(summarise(either_way, FULL))["latency", 1].flags


def test_wide_interval_is_flagged_with_what_ended_the_rounds():
    spread = [0.9, 0.93, 0.96, 1.0, 1.0, 1.0, 1.04, 1.07, 1.1]
    few = [latency(n, calls(300, n, level)) for n, level in enumerate(spread)]
    many = [latency(n, calls(300, n, spread[n % 9])) for n in range(20)]

    assert "budget" in by_name(summarise(few, FULL))["latency", 1].flags
    assert "wide" in by_name(summarise(many, FULL))["latency", 1].flags


def test_rounds_go_on_until_every_interval_is_narrow():
    narrow = [latency(n, calls(2000, seed=n)) for n in range(9)]
    wide = [throughput(n, [MS * (10 + n)]) for n in range(9)]

    assert is_precise(summarise(narrow, FULL))
    assert not is_precise(summarise([*narrow, *wide], FULL))
    assert not is_precise(summarise(narrow[:3], FULL))


def anchor(number, milliseconds):
    samples = (round(milliseconds * MS),) * 3
    return Series(
        metric="anchor", batch_size=1, images=1, samples=samples, reading=READING, round=number
    )


@pytest.mark.parametrize(
    ("milliseconds", "flags"),
    [([5.0, 5.1, 5.0, 5.1, 5.0, 5.1], ()), ([5.0, 5.0, 5.0, 6.0, 6.0, 6.0], ("unstable_host",))],
)
def test_a_machine_that_changes_from_round_to_round_marks_every_figure(milliseconds, flags):
    series = [anchor(n, ms) for n, ms in enumerate(milliseconds)]
    series += [latency(n, [5 * MS] * 3) for n in range(6)]

    found = by_name(summarise(series, FULL))

    assert found["latency", 1].flags == flags
    assert is_precise([found["anchor", 1]])  # another round would not make the machine steady


@pytest.mark.parametrize("flag", ["contaminated", "throttled"])
def test_flag_of_what_was_repeated_in_vain_counts_in_a_single_process(flag):
    series = [latency(n, [5 * MS], flags=(flag,) if n == 0 else ()) for n in range(6)]

    assert flag in by_name(summarise(series, FULL))["latency", 1].flags


def metered(metric, energies_uj, window_s=10.0, state=None, **fields):
    return Series(
        metric=metric,
        batch_size=32,
        images=3200,
        samples=(round(window_s * 1e9),) * len(energies_uj),
        energy_uj=energies_uj,
        reading=replace(READING, accelerator=state),
        **fields,
    )


def test_energy_is_that_of_all_windows_by_their_images():
    series = metered("energy_per_image", (3_200_000_000, 3_200_000_000, 6_400_000_000))

    (found,) = summarise([series], FULL)

    assert (found.metric, found.unit, found.better) == ("energy_per_image", "J/image", "lower")
    assert (found.batch_size, found.samples, found.low) == (32, 3, None)
    assert found.value == pytest.approx(12_800 / (3 * 3200))


def test_idle_power_is_energy_by_time():
    (found,) = summarise([metered("idle_power", (700_000_000,))], FULL)

    assert (found.value, found.unit, found.refused) == (pytest.approx(70.0), "W", "")


@pytest.mark.parametrize("metric", ["energy_per_image", "idle_power"])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"window_s": 9.96}, "a window of 9.96 s; it takes 10 s"),
        ({"state": AcceleratorReading(foreign_processes=1)}, "another process computed on the GPU"),
        ({"energies_uj": (5, 0, 5)}, "the counter stood still"),
        ({"state": AcceleratorReading(foreign_processes=0)}, ""),
    ],
)
def test_energy_of_a_short_or_shared_window_is_refused(metric, change, reason):
    (found,) = summarise([metered(metric, **{"energies_uj": (5, 5, 5), **change})], FULL)

    assert found.refused == reason
    assert (found.value is None) == bool(reason)


LOAD = Quantity(name="load", unit="W", better="lower", label="load")


def probed(number, values=(), quantity=LOAD, **fields):
    return Series(
        metric=quantity.name,
        batch_size=1,
        images=1,
        samples=(),
        values=tuple(values),
        declared=quantity,
        reading=READING,
        round=number,
        **fields,
    )


def test_a_probes_figure_is_what_its_declaration_says():
    series = [probed(n, [3.0, n, 5.0]) for n in range(1, 7)]

    (found,) = summarise(series, FULL)

    assert (found.metric, found.unit, found.better, found.label) == ("load", "W", "lower", "load")
    assert found.values == (3.0, 3.0, 3.0, 4.0, 5.0, 5.0)
    assert (found.value, found.low, found.high) == (3.5, 3.0, 5.0)
    assert (found.samples, found.rounds) == (18, (1, 2, 3, 4, 5, 6))


def test_a_probe_may_want_the_largest_sample():
    peak = msgspec.structs.replace(LOAD, summary="maximum")

    (found,) = summarise([probed(0, [3.0, 9.0, 5.0], peak)], FULL)

    assert found.value == 9.0


def test_a_probe_that_refused_in_one_process_has_no_figure():
    series = [probed(0, [3.0]), probed(1, refused="no luck"), probed(2, [5.0])]

    (found,) = summarise(series, FULL)

    assert (found.value, found.low, found.refused) == (None, None, "no luck")
    assert (found.values, found.rounds) == ((3.0, 5.0), (0, 2))


def test_a_probe_that_never_gave_samples_is_refused():
    (found,) = summarise([probed(n, refused="no luck") for n in range(6)], FULL)

    assert (found.value, found.values, found.refused) == (None, (), "no luck")


def test_a_probe_may_measure_nothing_at_all():
    """Neither zeros nor negative numbers have a spread in shares of them."""
    (found,) = summarise([probed(n, [float(n - 2)]) for n in range(6)], FULL)

    assert (found.value, found.flags) == (0.5, ())


def test_no_round_is_added_for_a_probe_nor_for_a_sweep():
    narrow = [latency(n, [5 * MS] * 700) for n in range(6)]
    wide = [probed(n, [1.0 + n]) for n in range(6)]
    sweep = msgspec.structs.replace(throughput(0, [MS, MS]), metric="batch_sweep")

    assert is_precise(summarise([*narrow, *wide, sweep], FULL))


def test_failed_proof_refuses_every_figure_that_is_made_of_its_samples():
    told = {"part": "timed path", "name": "timed logits", "error": 1.0, "bound": 1e-4}
    about = {"metrics": ("latency",), "batch_size": 1, "detail": "it answers zeros"}
    wrong = Proof(**told, **about, passed=False)
    series = [latency(0, calls(700)), throughput(0, [1000 * MS])]

    found = by_name(summarise(series, TOUR, [wrong]))

    for metric in ("latency", "latency_p90", "latency_p99", "first_call"):
        figure = found[metric, 1]
        assert (figure.value, figure.bound, figure.refused) == (None, None, "it answers zeros")
    assert found["inference_throughput", 32].value is not None
    right = by_name(summarise(series, TOUR, [replace(wrong, passed=True)]))
    assert right["latency", 1].value is not None
