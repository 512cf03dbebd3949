import numpy as np
import pytest

from benchsuite.records.predictions import Predictions, write_predictions
from benchsuite.report.comparison.judge import judge
from benchsuite.report.comparison.metrics import metrics_named
from benchsuite.report.comparison.pairing import pair_sides

TOP1 = metrics_named(["top1"])


def predict(row, right):
    """Predictions of 400 images, of which the first so many are right."""
    row.stored.predictions.parent.mkdir(parents=True, exist_ok=True)
    labels = np.zeros(400, int)
    predicted = (np.arange(400) >= right).astype(int)
    found = Predictions(np.arange(400), labels, predicted, np.zeros(400))
    write_predictions(row.stored.predictions, found)


def test_predictions_of_the_same_images_pair(compare, make_row):
    pair = [
        make_row(run=run, test={"top1_fraction": share}) for run, share in (("a", 0.9), ("b", 0.93))
    ]
    unpaired = compare(*pair, "top1")
    for row, right in zip(pair, (360, 372), strict=True):
        predict(row, right)

    found = compare(*pair, "top1")

    assert (unpaired.answer, unpaired.how) == ("inconclusive", "Newcombe, 360 images each")
    assert (found.answer, found.said) == ("better", "better of this seed")
    assert unpaired.said == "inconclusive"
    assert found.how == "McNemar, bootstrap of 400 paired images"
    assert found.change == pytest.approx(0.03)
    assert found.low > 0 > unpaired.low


def test_seeds_that_pair_give_their_mean_too(make_row):
    sides = [
        [
            make_row(run=run, seed=seed, test={"top1_fraction": share + seed / 100})
            for seed in range(4)
        ]
        for run, share in (("a", 0.8), ("b", 0.9))
    ]

    found = [finding for finding in judge(pair_sides(*sides).pairs, TOP1) if finding.seeds]

    assert [(f.seeds, f.how) for f in found] == [("0, 1, 2, 3", "t-test of 4 paired seeds")]
    assert found[0].said == "better"
    assert found[0].change == pytest.approx(0.1)
