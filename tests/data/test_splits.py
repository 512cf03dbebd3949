import numpy as np
import pytest

from benchsuite.data.splits import Fold, split
from benchsuite.errors import UsageError


def test_split_is_disjoint_and_complete(make_dataset):
    dataset = make_dataset((30, 20, 10))

    indices = split(dataset, seed=3).positions

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
        part, index = getattr(splits, name), splits.positions[name]
        assert part.source is dataset.train
        np.testing.assert_array_equal(part.index, index)
        np.testing.assert_array_equal(part.labels, dataset.train.labels[index])


def test_split_depends_on_the_seed_alone(make_dataset):
    first, again, other = (split(make_dataset(), seed) for seed in (3, 3, 4))

    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(first.positions[name], again.positions[name])
    assert not np.array_equal(first.positions["test"], other.positions["test"])


def test_split_keeps_a_data_sets_own_test_split(make_dataset):
    dataset = make_dataset((30, 20, 10), test_counts=(4, 3, 2))

    splits = split(dataset, seed=3)

    assert splits.test.source is dataset.test
    assert splits.test.index.tolist() == list(range(9))
    assert splits.positions["test"].tolist() == list(range(60, 69))
    own = np.concatenate([splits.positions["train"], splits.positions["validation"]])
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


def test_split_of_a_limit_keeps_the_classes_shares(make_dataset):
    dataset = make_dataset((300, 200, 100), test_counts=(60, 30, 30))

    splits = split(dataset, seed=3, limit=60)

    own = np.concatenate([splits.train.labels, splits.validation.labels])
    assert np.bincount(own).tolist() == [30, 20, 10]
    assert np.bincount(splits.test.labels).tolist() == [30, 15, 15]
    again, other = (split(dataset, seed, limit=60) for seed in (3, 4))
    np.testing.assert_array_equal(again.positions["train"], splits.positions["train"])
    assert not np.array_equal(other.positions["train"], splits.positions["train"])


def test_split_of_a_limit_that_is_large_enough_is_the_whole(make_dataset):
    whole, limited = (split(make_dataset(), 0, limit) for limit in (None, 60))

    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(limited.positions[name], whole.positions[name])


def test_split_refuses_a_limit_below_what_each_part_needs(make_dataset):
    with pytest.raises(UsageError, match="too few"):
        split(make_dataset((300, 200)), seed=0, limit=2)


def test_folds_are_disjoint_complete_and_stratified(make_dataset):
    dataset = make_dataset((30, 20, 10))
    folds = [split(dataset, seed=3, fold=Fold(index, 5)) for index in range(5)]
    tested = np.concatenate([fold.positions["test"] for fold in folds])
    assert sorted(tested) == list(range(60))
    for fold in folds:
        assert np.bincount(fold.test.labels).tolist() == [6, 4, 2]
        everything = np.concatenate(list(fold.positions.values()))
        assert sorted(everything) == list(range(60))


def test_folds_leave_a_test_split_of_its_own_alone(make_dataset):
    dataset = make_dataset((30, 20, 10), test_counts=(3, 3, 3))
    fold = split(dataset, seed=3, fold=Fold(1, 3))
    assert fold.test.source is dataset.train


def test_a_class_too_small_for_the_folds_is_named(make_dataset):
    with pytest.raises(UsageError, match="class 2 has 5 examples, too few for 5 folds"):
        split(make_dataset((30, 20, 5)), seed=3, fold=Fold(0, 5))
