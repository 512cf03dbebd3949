import math

import numpy as np
import pytest

from benchsuite.training.evaluation import (
    LOSS,
    TOP1,
    TOP5,
    cross_entropy,
    recall_by_class,
    top1,
    top5,
)


def test_top1_is_the_share_of_right_answers():
    logits = np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 1.0], [0.0, 1.0, 2.0], [9.0, 1.0, 2.0]])

    assert top1(logits, np.array([0, 1, 0, 2])) == 0.5


def test_top1_gives_ties_to_the_lower_class():
    assert top1(np.zeros((2, 3)), np.array([0, 1])) == 0.5


def test_cross_entropy_of_equal_logits_is_the_logarithm_of_the_classes():
    assert cross_entropy(np.full((4, 10), 3.0), np.arange(4)) == pytest.approx(math.log(10))


def test_cross_entropy_is_its_formula():
    logits = np.random.default_rng(0).normal(size=(50, 7)) * 3
    labels = np.random.default_rng(1).integers(0, 7, 50)

    expected = np.mean(
        [
            -math.log(math.exp(row[label]) / sum(math.exp(x) for x in row))
            for row, label in zip(logits, labels, strict=True)
        ]
    )

    assert cross_entropy(logits, labels) == pytest.approx(expected, rel=1e-12)


def test_cross_entropy_of_confident_mistakes_is_not_clipped():
    # Pitfall 16: from probabilities clipped at 1e-7 it could be at most 16.1.
    logits = np.array([[1000.0, 0.0]])

    assert cross_entropy(logits, np.array([1])) == 1000.0
    assert cross_entropy(logits, np.array([0])) == 0.0


def test_metrics_say_which_way_is_better():
    assert (TOP1.name, TOP1.better, TOP1.compute) == ("top1_fraction", "higher", top1)
    assert (LOSS.name, LOSS.better, LOSS.compute) == ("loss_nats", "lower", cross_entropy)


def test_top5_is_the_share_among_the_five_largest():
    logits = np.array([[6.0, 5, 4, 3, 2, 1], [6.0, 5, 4, 3, 2, 1], [1.0, 1, 1, 1, 1, 1]])
    assert top5(logits, np.array([4, 5, 5])) == pytest.approx(1 / 3)
    assert top5(logits, np.array([0, 4, 4])) == 1.0
    assert (TOP5.name, TOP5.better) == ("top5_fraction", "higher")


def test_recall_is_by_class():
    logits = np.eye(4)[[0, 0, 1, 1, 2]]
    assert recall_by_class(logits, np.array([0, 1, 1, 1, 2])) == [
        1.0,
        pytest.approx(2 / 3),
        1.0,
        None,
    ]
