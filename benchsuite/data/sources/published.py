"""Published data sets: from their official addresses, or as a library ships them."""

from functools import cache, partial
from importlib.resources import as_file, files

import numpy as np

from benchsuite.contract import Dataset, Split
from benchsuite.data.sources.archives import read_cifar, read_idx, read_svhn
from benchsuite.data.sources.download import RemoteFile, fetch
from benchsuite.errors import UsageError
from benchsuite.toml import read_toml

#: scikit-learn counts dark pixels of a 4×4 cell, so its values run from 0 to 16.
_DARKEST = 16
_DIGITS = tuple("0123456789")
_FASHION = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)


@cache
def _files_of(name: str) -> list[RemoteFile]:
    """Those of `published.toml`."""
    with as_file(files(__package__) / "published.toml") as path:
        return [RemoteFile(**about) for about in read_toml(path, "data sets")[name]]


def _load_idx(name: str, classes: tuple[str, ...]) -> Dataset:
    # In the order of `published.toml`: images and labels for training, then for the test.
    arrays = [read_idx(fetch(file, name)) for file in _files_of(name)]
    train, test = (
        Split(images[..., None], labels.astype("int64"))
        for images, labels in (arrays[:2], arrays[2:])
    )
    for part in (train, test):
        if len(part.images) != len(part.labels):
            raise UsageError(
                f"data set '{name}' has {len(part.images)} images but {len(part.labels)} labels"
            )
    return Dataset(name, train, classes, test)


load_mnist = partial(_load_idx, "mnist", _DIGITS)
load_fashion_mnist = partial(_load_idx, "fashion_mnist", _FASHION)


def _load_cifar(
    name: str, train: tuple[str, ...], test: str, labels: bytes, names: tuple[str, bytes]
) -> Dataset:
    """Of one archive: the members of both splits, and the keys of labels and classes' names."""
    (archive,) = _files_of(name)
    read = partial(read_cifar, fetch(archive, name), labels=labels, names=names)
    images, classes = read(train)
    return Dataset(name, images, classes, read((test,))[0])


def load_cifar10() -> Dataset:
    """60,000 colour images of 32×32 in ten classes (Krizhevsky 2009)."""
    folder = "cifar-10-batches-py/"
    batches = tuple(f"{folder}data_batch_{number}" for number in range(1, 6))
    names = (f"{folder}batches.meta", b"label_names")
    return _load_cifar("cifar10", batches, f"{folder}test_batch", b"labels", names)


def load_cifar100() -> Dataset:
    """60,000 colour images of 32×32 in a hundred classes (Krizhevsky 2009)."""
    folder = "cifar-100-python/"
    names = (f"{folder}meta", b"fine_label_names")
    return _load_cifar("cifar100", (f"{folder}train",), f"{folder}test", b"fine_labels", names)


def load_svhn() -> Dataset:
    """99,289 house numbers of 32×32 in ten classes (Netzer et al. 2011), cropped digits."""
    train, test = (read_svhn(fetch(file, "svhn")) for file in _files_of("svhn"))
    return Dataset("svhn", train, _DIGITS, test)


def load_digits() -> Dataset:
    """1,797 images of 8×8×1 in ten classes: UCI's digits (Alpaydin and Kaynak 1998)."""
    from sklearn.datasets import load_digits as shipped

    source = shipped()
    images = np.rint(source.images * (255 / _DARKEST)).astype(np.uint8)[..., np.newaxis]
    names = tuple(str(name) for name in source.target_names)
    return Dataset("digits", Split(images, source.target.astype(np.int64)), names)
