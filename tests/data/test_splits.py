import numpy as np
import pytest

from benchsuite.data.splits import split
from benchsuite.errors import UsageError


def test_split_is_disjoint_and_complete(make_dataset):
    dataset = make_dataset((30, 20, 10))

    indices = split(dataset, seed=3).indices

    everything = np.concatenate([indices[name] for name in ("train", "validation", "test")])
    assert sorted(everything) == list(range(60))


def test_split_has_the_same_share_of_every_class(make_dataset):
    splits = split(make_dataset((100, 50, 20)), seed=3)

    assert np.bincount(splits.test.labels).tolist() == [20, 10, 4]
    assert np.bincount(splits.validation.labels).tolist() == [8, 4, 2]
    assert np.bincount(splits.train.labels).tolist() == [72, 36, 14]


def test_split_holds_the_examples_that_its_indices_name(make_dataset):
    dataset = make_dataset()
    splits = split(dataset, seed=3)

    for name in ("train", "validation", "test"):
        part, index = getattr(splits, name), splits.indices[name]
        np.testing.assert_array_equal(part.images, dataset.train.images[index])
        np.testing.assert_array_equal(part.labels, dataset.train.labels[index])


def test_split_depends_on_the_seed_alone(make_dataset):
    first, again, other = (split(make_dataset(), seed) for seed in (3, 3, 4))

    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(first.indices[name], again.indices[name])
    assert not np.array_equal(first.indices["test"], other.indices["test"])


def test_split_keeps_a_data_sets_own_test_split(make_dataset):
    dataset = make_dataset((30, 20, 10), test_counts=(4, 3, 2))

    splits = split(dataset, seed=3)

    assert splits.test is dataset.test
    assert splits.indices["test"].tolist() == list(range(60, 69))
    own = np.concatenate([splits.indices["train"], splits.indices["validation"]])
    assert sorted(own) == list(range(60))


def test_split_of_the_smallest_class_has_one_example_in_each_part(make_dataset):
    splits = split(make_dataset((30, 3)), seed=0)

    assert [
        (part.labels == 1).sum() for part in (splits.train, splits.validation, splits.test)
    ] == [
        1,
        1,
        1,
    ]


@pytest.mark.parametrize("count", [1, 2])
def test_split_refuses_a_class_that_is_too_small(make_dataset, count):
    message = r"data set 'noise': class 1 .* too few .* at least 3 are needed"

    with pytest.raises(UsageError, match=message):
        split(make_dataset((30, count)), seed=0)
