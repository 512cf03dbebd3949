import numpy as np
import pytest

from benchsuite.data.images.arrays import RowFile

NOISE = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3), np.uint8)


def test_row_file_is_an_array_of_what_is_written(tmp_path):
    file = RowFile.create(tmp_path / "a.npy", 3, (4, 5, 3))
    file.write(2, NOISE[2])
    file.write(0, np.asfortranarray(NOISE[0]))
    found = np.load(tmp_path / "a.npy")
    np.testing.assert_array_equal(found, [NOISE[0], np.zeros((4, 5, 3)), NOISE[2]])


def test_row_file_must_be_there_to_be_written_to(tmp_path):
    with pytest.raises(FileNotFoundError):
        RowFile(tmp_path / "a.npy", (4, 5, 3), 128).write(0, NOISE[0])
