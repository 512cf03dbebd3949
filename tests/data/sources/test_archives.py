"""Small files in the real formats, whole and broken."""

import gzip
import io
import pickle
import struct
import tarfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from benchsuite.data.sources import archives
from benchsuite.data.sources.archives import read_cifar, read_idx, read_svhn
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
        (gzip.compress(idx(PIXELS))[:-9], "not a complete IDX file"),
        (gzip.compress(idx(PIXELS) + b"x"), "it has more than 24 values"),
        (idx(PIXELS)[:-1], r"23 values of type 0x08, and says that its shape is \(2, 3, 4\)"),
        (idx(PIXELS, code=13), "of type 0x0d"),
        (b"\0\0", "not a complete IDX file"),
        (b"<html>not found</html>", "not an IDX file of bytes"),
        (b"\0\0\x08\xff" + b"\xff" * 1020, "of type 0x08, 255 axes"),
        (b"\0\0\x08\0x", "0 axes"),
        (b"\0\0\x08\x04" + b"\xff" * 16, "no published set is as large"),
        (b"\0\0\x08\x03\0\0\0\0" + b"\xff" * 8, "not a complete IDX file"),
    ],
    ids=[
        *("cut gzip", "too long", "cut", "floats", "nothing", "a page", "many axes", "no axes"),
        *("a huge shape", "nothing times too much"),
    ],
)
def test_read_idx_refuses_what_is_not_whole(tmp_path, content, said):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=said):
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
                raw = value if isinstance(value, bytes) else pickle.dumps(value, protocol=3)
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
    with pytest.raises(UsageError, match=r"not a complete archive of CIFAR"):
        read_cifar(path, MEMBERS, b"labels", NAMES)


def test_read_cifar_refuses_an_archive_without_a_member(archive):
    with pytest.raises(UsageError, match=r"not a complete archive of CIFAR: .*data_batch_9"):
        read_cifar(archive(), ("batches/data_batch_9",), b"labels", NAMES)


class Evil:
    def __reduce__(self):
        return (open, ("stolen", "w"))


def test_read_cifar_never_runs_what_a_pickle_holds(archive, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = archive(data_batch_2={b"data": Evil()})
    with pytest.raises(UsageError, match=r"data_batch_2' is not a pickle of arrays: it would run"):
        read_cifar(path, MEMBERS, b"labels", NAMES)
    assert not (tmp_path / "stolen").exists()


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
    with pytest.raises(UsageError, match="not a complete file of SVHN"):
        read_svhn(path)


def test_read_idx_does_not_unpack_more_than_it_was_told_of(tmp_path):
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(idx(PIXELS) + bytes(1 << 28)))
    tracemalloc.start()
    with pytest.raises(UsageError, match="more than 24 values"):
        read_idx(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 24
    tracemalloc.stop()


def test_read_idx_takes_memory_for_what_comes_and_not_for_what_is_said(tmp_path):
    path = tmp_path / "short"
    path.write_bytes(struct.pack(">HBBI", 0, 8, 1, 1 << 30) + b"few")
    tracemalloc.start()
    with pytest.raises(UsageError, match="it has 3 values"):
        read_idx(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 24
    tracemalloc.stop()


def strange(name, kind, **facts):
    """A member that is not an ordinary file."""
    about = tarfile.TarInfo(name)
    about.type = kind
    for fact, value in facts.items():
        setattr(about, fact, value)
    return about


@pytest.mark.parametrize(
    "member",
    [
        strange(MEMBERS[0], tarfile.SYMTYPE, linkname="/etc/passwd"),
        strange(MEMBERS[0], tarfile.SYMTYPE, linkname=MEMBERS[0]),
        strange(MEMBERS[0], tarfile.LNKTYPE, linkname="../../etc/passwd"),
        strange(MEMBERS[0], tarfile.CHRTYPE, devmajor=1, devminor=5),
        strange(MEMBERS[0], tarfile.FIFOTYPE),
        strange(MEMBERS[0], tarfile.DIRTYPE),
    ],
    ids=["link", "circle", "hard link", "device", "pipe", "folder"],
)
def test_read_cifar_refuses_members_that_are_no_files(tmp_path, member):
    path = tmp_path / "cifar.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(member)
    with pytest.raises(UsageError, match=r"data_batch_1' in '.*' is not an ordinary file"):
        read_cifar(path, MEMBERS, b"labels", NAMES)


def test_read_cifar_refuses_a_file_of_holes(tmp_path):
    """By GNU's pax headers: a terabyte of zeros in a kilobyte."""
    path = tmp_path / "cifar.tar.gz"
    about = tarfile.TarInfo(MEMBERS[0])
    about.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "1",
        "GNU.sparse.size": str(1 << 40),
        "GNU.sparse.map": "0,0",
    }
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(about)
    with pytest.raises(UsageError, match="is not an ordinary file"):
        read_cifar(path, MEMBERS, b"labels", NAMES)


def test_read_cifar_writes_no_member_to_the_disk(archive, tmp_path):
    path = archive()
    with tarfile.open(path) as tar:
        held = {x.name: tar.extractfile(x).read() for x in tar}
    with tarfile.open(path, "w:gz") as tar:
        for name in ("../out", "/tmp/benchsuite-escaped", *held):  # noqa: S108 - must not appear
            content = held.get(name, b"out")
            about = tarfile.TarInfo(name)
            about.size = len(content)
            tar.addfile(about, io.BytesIO(content))
    read_cifar(path, MEMBERS, b"labels", NAMES)
    assert [x.name for x in tmp_path.iterdir()] == ["cifar.tar.gz"]
    assert not (tmp_path.parent / "out").exists()
    assert not Path("/tmp/benchsuite-escaped").exists()  # noqa: S108 - likewise


@pytest.mark.parametrize("name", ["../elsewhere", MEMBERS[0]])
def test_read_cifar_refuses_an_archive_that_becomes_too_large(tmp_path, monkeypatch, name):
    monkeypatch.setattr(archives, "_MOST_BYTES", 1 << 20)
    path = tmp_path / "cifar.tar.gz"
    about = tarfile.TarInfo(name)
    about.size = 1 << 24
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(about, io.BytesIO(bytes(about.size)))
    with pytest.raises(UsageError, match="unpacks to more than 1,048,576 bytes"):
        read_cifar(path, MEMBERS, b"labels", NAMES)


def doubled(times):
    """Lists in lists that are ten to this power numbers, in some bytes."""
    labels = [0] * 10
    for _ in range(times - 1):
        labels = [labels] * 10
    return labels


@pytest.mark.parametrize(
    "part",
    [
        {b"data": batch(0, [1])[b"data"], b"labels": doubled(7)},
        {b"data": doubled(7), b"labels": [1]},
        {b"data": batch(0, [1])[b"data"], b"labels": [1 << 80]},
        {b"data": batch(0, [1])[b"data"], b"labels": [1.5]},
        {b"data": batch(0, [1])[b"data"], b"labels": [1, 2]},
        {b"data": np.zeros((1, 100), np.uint8), b"labels": [1]},
        {b"labels": [1]},
    ],
    ids=["labels", "pixels", "huge", "fraction", "too many", "too few", "none"],
)
def test_read_cifar_refuses_batches_of_other_things(archive, part):
    path = archive(data_batch_2=part)
    tracemalloc.start()
    with pytest.raises(UsageError, match=r"is not a (complete archive of CIFAR|pickle of arrays)"):
        read_cifar(path, MEMBERS[1:], b"labels", NAMES)
    assert tracemalloc.get_traced_memory()[1] < 1 << 24
    tracemalloc.stop()


@pytest.mark.parametrize("names", [[b"x" * 101], [b"x"] * 101, ["text"], [b"\xff"], 5])
def test_read_cifar_refuses_other_names_of_classes(archive, names):
    path = archive(**{"batches.meta": {b"label_names": names}})
    with pytest.raises(UsageError, match="is not a complete archive of CIFAR"):
        read_cifar(path, MEMBERS, b"labels", NAMES)


@pytest.mark.parametrize(
    "matrices",
    [
        {"X": np.zeros((32, 32, 3, 2)), "y": np.ones((2, 1), np.uint8)},
        {"X": np.zeros((32, 32, 6), np.uint8), "y": np.ones((2, 1), np.uint8)},
        {"X": np.zeros((32, 32, 3, 2), np.uint8), "y": np.ones((3, 1), np.uint8)},
        {"X": np.zeros((32, 32, 3, 2), np.uint8), "y": np.array([[{}]], object)},
        {"X": np.array([[1]], object), "y": np.ones((2, 1), np.uint8)},
        {"X": np.zeros((32, 32, 3, 2), np.uint8)},
    ],
    ids=["floats", "three axes", "too many labels", "a cell", "cells", "no labels"],
)
def test_read_svhn_refuses_other_matrices(tmp_path, matrices):
    path = tmp_path / "train_32x32.mat"
    savemat(path, matrices)
    with pytest.raises(UsageError, match="not a complete file of SVHN"):
        read_svhn(path)


def test_read_svhn_refuses_matlab_4_before_it_believes_its_lengths(tmp_path):
    """Five numbers of 32 bits; the last is the length of a name, 64 MiB."""
    path = tmp_path / "train_32x32.mat"
    path.write_bytes(struct.pack("<5I", 0, 0, 0, 0, 64 << 20))
    tracemalloc.start()
    with pytest.raises(UsageError, match="another MATLAB format: 0"):
        read_svhn(path)
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert used < 1 << 20


def test_read_svhn_refuses_a_name_that_is_there_twice(tmp_path):
    """The second could be cells in cells, of which scipy exhausts its stack."""
    path = tmp_path / "train_32x32.mat"
    savemat(path, {"X": np.zeros((32, 32, 3, 2), np.uint8), "y": np.ones((2, 1), np.uint8)})
    content = path.read_bytes()
    path.write_bytes(content + content[128:])
    with pytest.raises(UsageError, match="a name is there twice"):
        read_svhn(path)
