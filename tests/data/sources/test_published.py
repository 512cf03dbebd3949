"""The published data sets, from small files in their formats."""

import pickle
import re
import struct
import tarfile
from io import BytesIO

import numpy as np
import pytest
from scipy.io import savemat

from benchsuite.data.sources import published as named
from benchsuite.errors import UsageError


@pytest.fixture
def published(monkeypatch, tmp_path):
    """The folder from which files come instead of their addresses; and those asked for."""
    asked = []

    def fetch(file, dataset):
        asked.append((dataset, file.name))
        return tmp_path / dataset / file.name

    monkeypatch.setattr(named, "fetch", fetch)
    for name in ("mnist", "fashion_mnist", "cifar10", "cifar100", "svhn"):
        (tmp_path / name).mkdir()
    return tmp_path


def write_idx(path, array):
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(head + array.tobytes())


def write_mnist(folder, tests=2):
    for part, count in (("train", 3), ("t10k", tests)):
        images = np.full((count, 28, 28), count, np.uint8)
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", np.arange(3, dtype=np.uint8)[:count])


@pytest.mark.parametrize(
    ("name", "load", "last"),
    [("mnist", named.load_mnist, "9"), ("fashion_mnist", named.load_fashion_mnist, "Ankle boot")],
)
def test_load_idx_sets(published, name, load, last):
    write_mnist(published / name)
    found = load()
    assert (found.name, len(found.class_names), found.class_names[-1]) == (name, 10, last)
    assert found.train.images.shape == (3, 28, 28, 1)
    assert found.test.images.shape == (2, 28, 28, 1)
    assert found.test.labels.tolist() == [0, 1]
    assert found.train.labels.dtype == np.int64


def test_load_mnist_refuses_images_without_labels(published):
    write_mnist(published / "mnist", tests=5)
    with pytest.raises(UsageError, match="'mnist' has 5 images but 3 labels"):
        named.load_mnist()


def write_cifar(path, members):
    with tarfile.open(path, "w:gz") as tar:
        for name, value in members.items():
            raw = pickle.dumps(value, protocol=3)
            about = tarfile.TarInfo(name)
            about.size = len(raw)
            tar.addfile(about, BytesIO(raw))


def pixels(count):
    return np.full((count, 3072), count, np.uint8)


def test_load_cifar10_joins_the_five_batches(published):
    folder = "cifar-10-batches-py"
    batches = {
        f"{folder}/data_batch_{n}": {b"data": pixels(n), b"labels": [n] * n} for n in range(1, 6)
    }
    meta = {f"{folder}/batches.meta": {b"label_names": [b"airplane", b"automobile"]}}
    test = {f"{folder}/test_batch": {b"data": pixels(1), b"labels": [9]}}
    write_cifar(published / "cifar10" / "cifar-10-python.tar.gz", {**batches, **meta, **test})
    found = named.load_cifar10()
    assert found.train.images.shape == (15, 32, 32, 3)
    assert found.train.labels.tolist() == [1, 2, 2, 3, 3, 3, *[4] * 4, *[5] * 5]
    assert found.test.labels.tolist() == [9]
    assert found.class_names == ("airplane", "automobile")


def test_load_cifar100_takes_the_fine_labels(published):
    def part(label):
        return {b"data": pixels(1), b"fine_labels": [label], b"coarse_labels": [0]}

    folder = "cifar-100-python"
    names = {b"fine_label_names": [b"apple"], b"coarse_label_names": [b"fruit"]}
    members = {f"{folder}/train": part(7), f"{folder}/test": part(99), f"{folder}/meta": names}
    write_cifar(published / "cifar100" / "cifar-100-python.tar.gz", members)
    found = named.load_cifar100()
    assert (found.train.labels.tolist(), found.test.labels.tolist()) == ([7], [99])
    assert found.class_names == ("apple",)


def test_load_svhn_takes_both_splits(published):
    for part, count in (("train", 3), ("test", 2)):
        images = np.full((32, 32, 3, count), count, np.uint8)
        labels = np.full((count, 1), 10, np.uint8)
        savemat(published / "svhn" / f"{part}_32x32.mat", {"X": images, "y": labels})
    found = named.load_svhn()
    assert found.train.labels.tolist() == [0, 0, 0]
    assert found.test.images.shape == (2, 32, 32, 3)


def test_every_published_file_has_an_address_a_digest_and_a_size():
    names = ("mnist", "fashion_mnist", "cifar10", "cifar100", "svhn")
    files = [file for name in names for file in named._files_of(name)]
    assert len({file.digest for file in files}) == len({file.url for file in files}) == 12
    for file in files:
        assert file.url.startswith("https://")
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", file.digest)
        assert 4_000 < file.size < 200_000_000
