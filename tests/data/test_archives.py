"""Small files in the real formats, whole and broken."""

import gzip
import io
import pickle
import struct
import tarfile

import numpy as np
import pytest
from scipy.io import savemat

from benchsuite.data.archives import read_cifar, read_idx, read_pickle, read_svhn
from benchsuite.errors import UsageError

PIXELS = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def idx(array, code=8):
    head = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
    return head + array.tobytes()


@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["gzip", "plain"])
def test_read_idx_gives_the_array(tmp_path, pack):
    path = tmp_path / "images-idx3-ubyte"
    path.write_bytes(pack(idx(PIXELS)))
    found = read_idx(path)
    np.testing.assert_array_equal(found, PIXELS)
    assert found.dtype == np.uint8


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(idx(PIXELS))[:-9], "no whole IDX file"),
        (idx(PIXELS)[:-1], r"23 values of type 0x08, and says that its shape is \(2, 3, 4\)"),
        (idx(PIXELS, code=13), "of type 0x0d"),
        (b"\0\0", "no whole IDX file"),
        (b"<html>not found</html>", "no whole IDX file"),
    ],
    ids=["cut gzip", "cut", "floats", "nothing", "a page"],
)
def test_read_idx_refuses_what_is_not_whole(tmp_path, content, said):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=rf"images' is {said}" if "no whole" in said else said):
        read_idx(path)


MEMBERS = ("batches/data_batch_1", "batches/data_batch_2")
NAMES = ("batches/batches.meta", b"label_names")


def batch(first, labels):
    """As CIFAR has it: all red values, then all green, then all blue, row by row."""
    pixels = (np.arange(len(labels) * 3072) + first).astype(np.uint8).reshape(len(labels), 3072)
    return {b"data": pixels, b"labels": labels, b"batch_label": b"a batch"}


@pytest.fixture
def archive(tmp_path):
    """A function that writes an archive like CIFAR's, of the given members."""

    def write(**members):
        path = tmp_path / "cifar.tar.gz"
        contents = {
            MEMBERS[0]: batch(0, [3, 1]),
            MEMBERS[1]: batch(7, [0]),
            NAMES[0]: {b"label_names": [b"cat", b"dog", b"bird", b"ship"]},
            **{f"batches/{name}": value for name, value in members.items()},
        }
        with tarfile.open(path, "w:gz") as tar:
            for name, value in contents.items():
                raw = value if isinstance(value, bytes) else pickle.dumps(value, protocol=2)
                about = tarfile.TarInfo(name)
                about.size = len(raw)
                tar.addfile(about, io.BytesIO(raw))
        return path

    return write


def test_read_cifar_gives_images_labels_and_names(archive):
    split, classes = read_cifar(archive(), MEMBERS, b"labels", NAMES)
    assert split.images.shape == (3, 32, 32, 3)
    assert split.labels.tolist() == [3, 1, 0]
    assert split.labels.dtype == np.int64
    assert classes == ("cat", "dog", "bird", "ship")
    planes = batch(0, [3, 1])[b"data"].reshape(2, 3, 32, 32)
    assert split.images[1, 5, 9].tolist() == planes[1, :, 5, 9].tolist()


def test_read_cifar_refuses_an_archive_that_is_cut_short(archive, tmp_path):
    path = archive()
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(UsageError, match=r"no whole archive of CIFAR"):
        read_cifar(path, MEMBERS, b"labels", NAMES)


def test_read_cifar_refuses_an_archive_without_a_member(archive):
    with pytest.raises(UsageError, match=r"no whole archive of CIFAR: .*data_batch_9"):
        read_cifar(archive(), ("batches/data_batch_9",), b"labels", NAMES)


class Evil:
    def __reduce__(self):
        return (open, ("stolen", "w"))


def test_read_cifar_never_runs_what_a_pickle_holds(archive, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = archive(data_batch_2={b"data": Evil()})
    with pytest.raises(UsageError, match=r"data_batch_2' is no pickle of arrays: it would run"):
        read_cifar(path, MEMBERS, b"labels", NAMES)
    assert not (tmp_path / "stolen").exists()


@pytest.mark.parametrize("content", [b"", b"\x80\x02", b"not a pickle", pickle.dumps([1])])
def test_read_pickle_refuses_what_is_no_dictionary(content):
    with pytest.raises(UsageError, match="'part'"):
        read_pickle(io.BytesIO(content), "part")


def test_read_svhn_counts_the_digit_0_as_0(tmp_path):
    path = tmp_path / "train_32x32.mat"
    images = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 4), np.uint8)
    savemat(path, {"X": images, "y": np.array([[1], [10], [9], [10]], np.uint8)})
    split = read_svhn(path)
    assert split.labels.tolist() == [1, 0, 9, 0]
    np.testing.assert_array_equal(split.images[2], images[..., 2])


@pytest.mark.parametrize("content", [b"", b"MATLAB 5.0 MAT-file" + b"\0" * 200])
def test_read_svhn_refuses_what_is_not_whole(tmp_path, content):
    path = tmp_path / "train_32x32.mat"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="no whole file of SVHN"):
        read_svhn(path)
