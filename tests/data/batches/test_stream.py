import numpy as np
import pytest

from benchsuite.contract import Normalizer, Recipe, Split
from benchsuite.data import TrainingBatches, fit_split
from benchsuite.data.batches.stream import epoch_order, fit_normalizer, normalize
from benchsuite.errors import UsageError
from benchsuite.graph import Builder


@pytest.fixture
def numbered():
    """Ten examples, each image filled with its own index."""
    index = np.arange(10)
    images = np.broadcast_to(index.astype(np.uint8)[:, None, None, None], (10, 2, 2, 1))
    return fit_split(Split(np.ascontiguousarray(images), index), index, (2, 2, 1))


def test_epoch_order_is_a_full_permutation():
    assert sorted(epoch_order(1000, seed=1, epoch=0)) == list(range(1000))


def test_epoch_order_depends_on_seed_and_epoch_alone():
    order = epoch_order(100, seed=1, epoch=2)

    np.testing.assert_array_equal(order, epoch_order(100, seed=1, epoch=2))
    assert not np.array_equal(order, epoch_order(100, seed=1, epoch=3))
    assert not np.array_equal(order, epoch_order(100, seed=2, epoch=2))


def test_epoch_order_is_the_same_on_every_machine():
    assert epoch_order(8, seed=0, epoch=0).tolist() == [5, 2, 6, 0, 7, 1, 4, 3]


@pytest.fixture
def graph():
    net = Builder()
    net.dense(net.dropout(net.flatten(net.input((2, 2, 1))), 0.5), 10, name="fc")
    return net.graph("linear")


def batches(split, graph, seed=1, epoch=2, **fields):
    recipe = Recipe(**{"batch_size": 5, **fields})
    return list(TrainingBatches(split, graph, recipe, seed).of(epoch))


def test_batches_follow_the_epochs_order(numbered, graph):
    found = batches(numbered, graph)
    seen = np.concatenate([batch.labels for batch in found])
    np.testing.assert_array_equal(seen, epoch_order(10, seed=1, epoch=2))
    for batch in found:
        np.testing.assert_array_equal(batch.images[:, 0, 0, 0], batch.labels)
        assert not batch.masks


def test_batches_leave_out_the_incomplete_last_one(numbered, graph):
    found = batches(numbered, graph, batch_size=4)
    assert [len(batch.labels) for batch in found] == [4, 4]
    assert found[0].images.shape == (4, 2, 2, 1)
    assert found[0].images.dtype == np.uint8


def test_a_batch_that_is_larger_than_the_split_is_refused(numbered, graph):
    with pytest.raises(UsageError, match=r"a batch of 11 is larger than .* 10 images"):
        batches(numbered, graph, batch_size=11)


def test_augmentation_depends_on_seed_and_epoch_alone(numbered, graph):
    first, again, other = (
        batches(numbered, graph, epoch=epoch, augmentation=("crop",)) for epoch in (0, 0, 1)
    )
    for one, two, three in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one.images, two.images)
        assert not np.array_equal(one.images, three.images)


def test_labels_become_shares_where_the_recipe_says_so(numbered, graph):
    for fields in ({"label_smoothing": 0.1}, {"augmentation": ("mixup",)}):
        found = batches(numbered, graph, **fields)
        assert found[0].labels.shape == (5, 10)
        np.testing.assert_allclose(found[0].labels.sum(axis=1), 1.0, rtol=1e-6)


def test_masks_are_drawn_where_the_recipe_says_so(numbered, graph):
    first, again, other = (
        batches(numbered, graph, epoch=epoch, dropout="drawn")[0].masks for epoch in (0, 0, 1)
    )
    (name,) = first
    assert first[name].shape == (5, 4)
    np.testing.assert_array_equal(first[name], again[name])
    assert not np.array_equal(first[name], other[name])


def test_fit_normalizer_gives_each_channel_mean_zero_and_variance_one():
    generator = np.random.default_rng(0)
    images = np.stack(
        [generator.integers(0, high, (50, 4, 4)) for high in (20, 120, 256)], axis=-1
    ).astype(np.uint8)
    split = fit_split(Split(images, np.zeros(50, np.int64)), np.arange(50), (4, 4, 3))

    normalized = normalize(images, fit_normalizer(split)).astype(np.float64)

    np.testing.assert_allclose(normalized.mean(axis=(0, 1, 2)), 0.0, atol=1e-5)
    np.testing.assert_allclose(normalized.std(axis=(0, 1, 2)), 1.0, rtol=1e-5)


def test_fit_normalizer_of_a_constant_channel_is_finite():
    gray = np.full((3, 2, 2, 1), 200, np.uint8)
    split = fit_split(Split(gray, np.zeros(3, np.int64)), np.arange(3), (2, 2, 1))

    normalizer = fit_normalizer(split)

    assert normalizer == Normalizer((1.0,), (-200.0,))


def test_normalize_scales_and_shifts_each_channel():
    images = np.array([[[[10, 20]]]], np.uint8)

    normalized = normalize(images, Normalizer((0.5, 2.0), (1.0, -1.0)))

    assert normalized.dtype == np.float32
    np.testing.assert_array_equal(normalized, [[[[6.0, 39.0]]]])
