import pytest

from benchsuite.report.page.samples import PROBABILITIES, evenly, points_for, sampled_figures


def test_evenly_keeps_both_ends_and_no_more_than_asked_for():
    assert evenly(5, 10) == [0, 1, 2, 3, 4]
    places = evenly(1001, 11)
    assert (len(places), places[0], places[-1], places[5]) == (11, 0, 1000, 500)


def test_points_become_fewer_with_many_cases():
    assert points_for(1) == points_for(50) == 2000
    assert points_for(2000) == 50
    assert points_for(1_000_000) == 40


def test_quantiles_are_of_all_samples_however_few_are_shown(make_series):
    samples = range(1_000_000, 2_000_001, 1000)
    (found,) = sampled_figures([make_series(samples=samples)], 10)

    assert found.total == 1001
    assert len(found.shown) == len(found.rounds) == 10
    median = found.quantiles_s[PROBABILITIES.index(0.5)]
    assert median == pytest.approx(0.0015)
    assert found.quantiles_s[-1] == 0.002


def test_processes_have_the_same_weight(make_series):
    many, few = make_series(samples=[1_000_000] * 900), make_series(samples=[3_000_000], round=1)
    (found,) = sampled_figures([many, few], 2000)

    by_probability = dict(zip(PROBABILITIES, found.quantiles_s, strict=True))
    assert by_probability[0.5] == 0.001
    assert by_probability[0.6] == 0.003


def test_discarded_and_empty_series_are_left_out_and_rounds_are_in_order(make_series):
    series = [
        make_series(samples=[5, 6], round=1),
        make_series(samples=[1, 2], round=0, attempt=1),
        make_series(samples=[9, 9], round=0, discarded=True),
        make_series(samples=[], round=2),
    ]
    (found,) = sampled_figures(series, 2000)

    assert found.shown == [1, 2, 5, 6]
    assert found.rounds == [0, 0.5, 1, 1.5]


def test_figures_of_verdicts_come_first(make_series):
    names = ("anchor", "training_throughput", "latency")
    found = sampled_figures([make_series(metric=name) for name in names], 10)

    assert [one.metric for one in found] == ["latency", "training_throughput", "anchor"]
