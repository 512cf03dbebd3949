from benchsuite.measure.anchor import measure_anchor
from benchsuite.metrics.declared import ANCHOR


def test_the_anchor_is_work_whose_every_sample_takes_its_time():
    series = measure_anchor()

    assert (series.metric, series.calls, series.images) == (ANCHOR.name, 1, 1)
    assert len(series.samples) > len(series.warmups) > 0
    assert min(series.samples) > 100_000  # a product of that size takes any core longer
    assert series.reading.seconds * 1e9 >= sum(series.samples) >= 500_000_000
