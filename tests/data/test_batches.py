import numpy as np
import pytest

from benchsuite.contract import Normalizer, Split
from benchsuite.data.batches import epoch_order, fit_normalizer, normalize, training_batches
from benchsuite.errors import UsageError


@pytest.fixture
def numbered():
    """Ten examples, each image filled with its own index."""
    index = np.arange(10)
    images = np.broadcast_to(index.astype(np.uint8)[:, None, None, None], (10, 2, 2, 1))
    return Split(np.ascontiguousarray(images), index)


def test_epoch_order_is_a_full_permutation():
    assert sorted(epoch_order(1000, seed=1, epoch=0)) == list(range(1000))


def test_epoch_order_depends_on_seed_and_epoch_alone():
    order = epoch_order(100, seed=1, epoch=2)

    np.testing.assert_array_equal(order, epoch_order(100, seed=1, epoch=2))
    assert not np.array_equal(order, epoch_order(100, seed=1, epoch=3))
    assert not np.array_equal(order, epoch_order(100, seed=2, epoch=2))


def test_epoch_order_is_the_same_on_every_machine():
    assert epoch_order(8, seed=0, epoch=0).tolist() == [5, 2, 6, 0, 7, 1, 4, 3]


def test_training_batches_follow_the_epochs_order(numbered):
    batches = list(training_batches(numbered, 5, seed=1, epoch=2))

    seen = np.concatenate([batch.labels for batch in batches])
    np.testing.assert_array_equal(seen, epoch_order(10, seed=1, epoch=2))
    for batch in batches:
        np.testing.assert_array_equal(batch.images[:, 0, 0, 0], batch.labels)


def test_training_batches_leave_out_the_incomplete_last_one(numbered):
    batches = list(training_batches(numbered, 4, seed=1, epoch=0))

    assert [len(batch.labels) for batch in batches] == [4, 4]
    assert batches[0].images.shape == (4, 2, 2, 1)
    assert batches[0].images.dtype == np.uint8


def test_training_batches_refuse_a_batch_that_is_larger_than_the_split(numbered):
    with pytest.raises(UsageError, match=r"a batch of 11 is larger than .* 10 images"):
        next(training_batches(numbered, 11, seed=1, epoch=0))


def test_fit_normalizer_gives_each_channel_mean_zero_and_variance_one():
    generator = np.random.default_rng(0)
    images = np.stack(
        [generator.integers(0, high, (50, 4, 4)) for high in (20, 120, 256)], axis=-1
    ).astype(np.uint8)
    split = Split(images, np.zeros(50, np.int64))

    normalized = normalize(images, fit_normalizer(split)).astype(np.float64)

    np.testing.assert_allclose(normalized.mean(axis=(0, 1, 2)), 0.0, atol=1e-5)
    np.testing.assert_allclose(normalized.std(axis=(0, 1, 2)), 1.0, rtol=1e-5)


def test_fit_normalizer_of_a_constant_channel_is_finite():
    split = Split(np.full((3, 2, 2, 1), 200, np.uint8), np.zeros(3, np.int64))

    normalizer = fit_normalizer(split)

    assert normalizer == Normalizer((1.0,), (-200.0,))


def test_normalize_scales_and_shifts_each_channel():
    images = np.array([[[[10, 20]]]], np.uint8)

    normalized = normalize(images, Normalizer((0.5, 2.0), (1.0, -1.0)))

    assert normalized.dtype == np.float32
    np.testing.assert_array_equal(normalized, [[[[6.0, 39.0]]]])
