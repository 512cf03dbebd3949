import numpy as np

from benchsuite.data.batches.mixing import Mixture, class_weights, targets

LABELS = np.array([0, 2, 2, 1])
EQUAL = np.ones(3)


def test_plain_labels_stay_labels():
    assert targets(LABELS, EQUAL, 0.0) is LABELS


def test_smoothing_spreads_a_share_over_all_classes():
    found = targets(LABELS, EQUAL, 0.3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(
        found,
        [
            [0.8, 0.1, 0.1],
            [0.1, 0.1, 0.8],
            [0.1, 0.1, 0.8],
            [0.1, 0.8, 0.1],
        ],
        rtol=1e-6,
    )


def test_mixtures_count_as_both():
    mixture = Mixture(np.array([1, 0, 2, 3]), np.array([0.75, 0.5, 0.1, 1.0]))
    np.testing.assert_allclose(
        targets(LABELS, EQUAL, 0.0, mixture),
        [[0.75, 0, 0.25], [0.5, 0, 0.5], [0, 0, 1], [0, 1, 0]],
        rtol=1e-6,
    )


def test_weights_make_a_weighted_mean():
    weights = np.array([1.0, 2.0, 3.0])
    found = targets(LABELS, weights, 0.0)
    mean = (1 + 3 + 3 + 2) / 4
    np.testing.assert_allclose(found.sum(axis=1), np.array([1, 3, 3, 2]) / mean, rtol=1e-6)


def test_balanced_weights_are_the_inverse_of_the_shares():
    labels = np.array([0] * 6 + [1] * 3 + [3])
    np.testing.assert_allclose(
        class_weights(labels, 4, "balanced"), [10 / 24, 10 / 12, 0.0, 10 / 4]
    )
    np.testing.assert_array_equal(class_weights(labels, 4, "none"), np.ones(4))
