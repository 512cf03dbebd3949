"""Published data sets, from their official addresses."""

from __future__ import annotations

from functools import partial

from benchsuite.contract import Dataset, Split
from benchsuite.data.archives import read_cifar, read_idx, read_svhn
from benchsuite.data.download import RemoteFile, fetch
from benchsuite.errors import UsageError

_DIGITS = tuple("0123456789")
_FASHION = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
#: LeCun, Cortes and Burges; the first address still answers where the authors' own asks for
#: a password.
_MNIST = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    (
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ),
)
_FASHION_MNIST = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    (
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ),
)
_CIFAR = "https://www.cs.toronto.edu/~kriz/"
_CIFAR10 = RemoteFile(f"{_CIFAR}cifar-10-python.tar.gz", "md5:c58f30108f718f92721af3b95e74349a")
_CIFAR100 = RemoteFile(f"{_CIFAR}cifar-100-python.tar.gz", "md5:eb9058c3a382ffc7106e4002c42a8d85")
_SVHN = "http://ufldl.stanford.edu/housenumbers/"
_SVHN_FILES = (
    RemoteFile(f"{_SVHN}train_32x32.mat", "md5:e26dedcc434d2e4c54c9b2d4a06d8373"),
    RemoteFile(f"{_SVHN}test_32x32.mat", "md5:eb5a983be6a315427106f1b164d9cef3"),
)


def _load_idx(
    name: str, source: tuple[str, tuple[tuple[str, str], ...]], classes: tuple[str, ...]
) -> Dataset:
    address, files = source
    arrays = [
        read_idx(fetch(RemoteFile(f"{address}{file}", f"md5:{digest}"), name))
        for file, digest in files
    ]
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


load_mnist = partial(_load_idx, "mnist", _MNIST, _DIGITS)
load_fashion_mnist = partial(_load_idx, "fashion_mnist", _FASHION_MNIST, _FASHION)


def load_cifar10() -> Dataset:
    """60,000 colour images of 32×32 in ten classes (Krizhevsky 2009)."""
    path = fetch(_CIFAR10, "cifar10")
    folder = "cifar-10-batches-py/"
    read = partial(
        read_cifar, path, labels=b"labels", names=(f"{folder}batches.meta", b"label_names")
    )
    train, classes = read(tuple(f"{folder}data_batch_{number}" for number in range(1, 6)))
    test, _ = read((f"{folder}test_batch",))
    return Dataset("cifar10", train, classes, test)


def load_cifar100() -> Dataset:
    """60,000 colour images of 32×32 in a hundred classes (Krizhevsky 2009)."""
    path = fetch(_CIFAR100, "cifar100")
    folder = "cifar-100-python/"
    read = partial(
        read_cifar, path, labels=b"fine_labels", names=(f"{folder}meta", b"fine_label_names")
    )
    train, classes = read((f"{folder}train",))
    test, _ = read((f"{folder}test",))
    return Dataset("cifar100", train, classes, test)


def load_svhn() -> Dataset:
    """99,289 house numbers of 32×32 in ten classes (Netzer et al. 2011), cropped digits."""
    train, test = (read_svhn(fetch(file, "svhn")) for file in _SVHN_FILES)
    return Dataset("svhn", train, _DIGITS, test)
