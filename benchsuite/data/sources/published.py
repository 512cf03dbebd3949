"""Published data sets, from their official addresses."""

from __future__ import annotations

from functools import partial

from benchsuite.contract import Dataset, Split
from benchsuite.data.sources.archives import read_cifar, read_idx, read_svhn
from benchsuite.data.sources.download import RemoteFile, fetch
from benchsuite.errors import UsageError

_DIGITS = tuple("0123456789")
_FASHION = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
#: SHA-256 and sizes are those that TensorFlow Datasets records of the authors' own files, and
#: Keras of CIFAR's. LeCun, Cortes and Burges; this address still answers where the authors' own
#: asks for a password.
_MNIST_ADDRESS = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_MNIST = (
    RemoteFile(
        f"{_MNIST_ADDRESS}train-images-idx3-ubyte.gz",
        "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        9_912_422,
    ),
    RemoteFile(
        f"{_MNIST_ADDRESS}train-labels-idx1-ubyte.gz",
        "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        28_881,
    ),
    RemoteFile(
        f"{_MNIST_ADDRESS}t10k-images-idx3-ubyte.gz",
        "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        1_648_877,
    ),
    RemoteFile(
        f"{_MNIST_ADDRESS}t10k-labels-idx1-ubyte.gz",
        "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        4_542,
    ),
)
#: The bucket of its authors; as a web site it has no HTTPS.
_FASHION_ADDRESS = "https://fashion-mnist.s3.eu-central-1.amazonaws.com/"
_FASHION_MNIST = (
    RemoteFile(
        f"{_FASHION_ADDRESS}train-images-idx3-ubyte.gz",
        "sha256:3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        26_421_880,
    ),
    RemoteFile(
        f"{_FASHION_ADDRESS}train-labels-idx1-ubyte.gz",
        "sha256:a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        29_515,
    ),
    RemoteFile(
        f"{_FASHION_ADDRESS}t10k-images-idx3-ubyte.gz",
        "sha256:346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        4_422_102,
    ),
    RemoteFile(
        f"{_FASHION_ADDRESS}t10k-labels-idx1-ubyte.gz",
        "sha256:67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        5_148,
    ),
)
_CIFAR = "https://www.cs.toronto.edu/~kriz/"
_CIFAR10 = RemoteFile(
    f"{_CIFAR}cifar-10-python.tar.gz",
    "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    170_498_071,
)
_CIFAR100 = RemoteFile(
    f"{_CIFAR}cifar-100-python.tar.gz",
    "sha256:85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    169_001_437,
)
_SVHN = "https://ufldl.stanford.edu/housenumbers/"
_SVHN_FILES = (
    RemoteFile(
        f"{_SVHN}train_32x32.mat",
        "sha256:435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
        182_040_794,
    ),
    RemoteFile(
        f"{_SVHN}test_32x32.mat",
        "sha256:cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
        64_275_384,
    ),
)


def _load_idx(name: str, files: tuple[RemoteFile, ...], classes: tuple[str, ...]) -> Dataset:
    arrays = [read_idx(fetch(file, name)) for file in files]
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
