import numpy as np
import pytest

from benchsuite.errors import StorageError, UsageError
from benchsuite.records.predictions import Predictions, read_predictions, write_predictions


def test_predictions_are_read_as_they_were_written(tmp_path):
    path = tmp_path / "case.npz"
    said = Predictions(
        np.array([7, 70_000]), np.array([1, 999]), np.array([0, 999]), np.array([2.5, 0.125])
    )
    write_predictions(path, said)
    found = read_predictions(path)
    for name in Predictions.__slots__:
        np.testing.assert_array_equal(getattr(found, name), getattr(said, name))


def test_predictions_are_compact(tmp_path):
    """Ten bytes an image at most, and a kilobyte of names."""
    path = tmp_path / "case.npz"
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 10, 10_000)
    losses = generator.random(10_000)
    write_predictions(path, Predictions(np.arange(10_000), labels, labels, losses))
    assert path.stat().st_size < 10 * 10_000 + 1024


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"PK broken"])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "case.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="is not a file of predictions"):
        read_predictions(path)


def test_a_file_without_all_arrays_is_refused(tmp_path):
    np.savez(tmp_path / "case.npz", labels=np.arange(3))
    with pytest.raises(UsageError, match="is not a file of predictions"):
        read_predictions(tmp_path / "case.npz")


@pytest.mark.parametrize(
    "change",
    [{"losses": np.arange(4.0)}, {"labels": np.ones(3)}, {"positions": np.zeros((3, 1), int)}],
)
def test_a_file_of_arrays_that_do_not_fit_is_refused(tmp_path, change):
    each = np.arange(3)
    arrays = {"positions": each, "labels": each, "predicted": each, "losses": each / 2}
    np.savez(tmp_path / "case.npz", **arrays)
    read_predictions(tmp_path / "case.npz")
    np.savez(tmp_path / "case.npz", **{**arrays, **change})
    with pytest.raises(UsageError, match="its arrays are of other kinds"):
        read_predictions(tmp_path / "case.npz")


def test_predictions_that_cannot_be_written_leave_no_half_of_a_file(tmp_path, full_disk):
    full_disk()
    each = np.arange(3)
    with pytest.raises(StorageError, match="No space left"):
        write_predictions(tmp_path / "case.npz", Predictions(each, each, each, each / 2))
    assert list(tmp_path.iterdir()) == []
