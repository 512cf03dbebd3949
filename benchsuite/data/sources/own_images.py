"""A user's own images: a folder of them, or arrays."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Dataset, Split
from benchsuite.data.images.cache import CachedPart, ImageFacts, cached_dataset
from benchsuite.data.images.inspection import Encoded, inspect
from benchsuite.errors import UsageError, refused
from benchsuite.files import require_within
from benchsuite.npz import read_arrays

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm"})
#: Their names are in memory, and a network has a logit for each.
_MOST_CLASSES = 1 << 20
#: How the folder or the files of a test split may be called.
TESTS = ("test", "val", "validation")


def read_npz(argument: str) -> Dataset:
    """`x_train`, `y_train`, and `x_test`, `y_test` where there is a test split, as Keras has them.

    Images are (N, H, W), (N, H, W, 1) or (N, H, W, 3), uint8. Raises UsageError for others.
    """
    path = Path(argument)
    with refused(f"'{path}' cannot be read as an .npz file of arrays", OSError, ValueError):
        arrays = read_arrays(path)
    train = _array_split(arrays, "train", path)
    test = _array_split(arrays, "test", path) if "x_test" in arrays else None
    last = max(int(part.labels.max(initial=-1)) for part in (train, test) if part)
    return Dataset(path.stem, train, numbered(last, path), test)


def _array_split(arrays: dict[str, NDArray[np.generic]], part: str, path: Path) -> Split:
    wanted = (f"x_{part}", f"y_{part}")
    if not set(wanted) <= set(arrays):
        known = ", ".join(arrays) or "nothing"
        raise UsageError(f"'{path}' is to hold {' and '.join(wanted)}; it holds {known}")
    images, labels = (arrays[name] for name in wanted)
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or labels.dtype.kind not in "iu":
        raise UsageError(
            f"'{path}': {wanted[0]} is to be uint8 of shape (N, H, W, C) and {wanted[1]} integers; "
            f"got {images.dtype} {images.shape} and {labels.dtype}"
        )
    shaped = images.astype(np.uint8, copy=False)
    shaped = shaped[..., np.newaxis] if images.ndim == 3 else shaped  # noqa: PLR2004 - (N, H, W)
    if shaped.shape[3] not in (1, 3) or 0 in shaped.shape[1:3]:
        raise UsageError(
            f"'{path}': {wanted[0]} is to have pixels of one channel or three, got {images.shape}"
        )
    # Keras has the labels of CIFAR as (N, 1).
    return Split(shaped, labels.reshape(-1).astype(np.int64))


def numbered(last: int, path: Path) -> tuple[str, ...]:
    """Names of classes from 0 to that label. Raises UsageError where they would fill memory."""
    if last >= _MOST_CLASSES:
        raise UsageError(
            f"'{path}' has the label {last:,}: classes are counted from 0, without gaps"
        )
    return tuple(map(str, range(last + 1)))


def read_folder(argument: str) -> Dataset:
    """`train/<class>/*` and `test/<class>/*` (or `val`), or `<class>/*`, to be split by the core.

    Raises UsageError where there is no class, or one without images.
    """
    path = Path(argument)
    if not path.is_dir():
        raise UsageError(
            f"'{path}' is not a folder: give one with a folder of images for each class"
        )
    try:
        return _folder(path)
    except OSError as error:
        raise UsageError(f"'{path}' cannot be read: {error.filename}: {error.strerror}") from error


def _folder(path: Path) -> Dataset:
    split = (path / "train").is_dir()
    parts = {"train": path / "train" if split else path}
    test = next((path / name for name in TESTS if split and (path / name).is_dir()), None)
    if test is not None:
        parts["test"] = test
    # Sorted: a file system lists its entries in any order, and the place is the label.
    classes = sorted(entry.name for entry in parts["train"].iterdir() if entry.is_dir())
    if not classes:
        raise UsageError(f"'{parts['train']}' has no folders: each class is to be one")
    found = {part: _files(folder, classes, path) for part, folder in parts.items()}
    root = path.resolve()
    links = [file for file, _ in chain(*found.values()) if file.is_symlink()]
    # Links that lead to no file in the folder: they may lead to what is private here.
    strange = {file: what for file in links if (what := _behind(file, root))}
    sound = {part: [x for x in files if x[0] not in strange] for part, files in found.items()}
    said = tuple(f"{file}: {what}" for file, what in strange.items())
    if not all(sound.values()):
        raise UsageError(f"not one image can be read: {'; '.join(said[:5])}")

    def inspected(parts: Mapping[str, CachedPart]) -> ImageFacts:
        lines = [inspect(_in_files(sound[part]), len(classes), parts[part]) for part in sound]
        return ImageFacts(path.name, classes, list(chain(*lines)))

    images = cached_dataset([file for files in sound.values() for file, _ in files], inspected)
    return replace(images, problems=(*said, *images.problems))


def _files(folder: Path, classes: Sequence[str], root: Path) -> list[tuple[Path, int]]:
    """What has an image's name, with its label."""
    require_within(folder, root)
    strange = sorted(x.name for x in folder.iterdir() if x.is_dir() and x.name not in classes)
    if strange:
        raise UsageError(f"'{folder}' has classes that are not in train: {', '.join(strange)}")
    files = []
    for label, name in enumerate(classes):
        require_within(folder / name, root)  # or all the disk might be looked through
        found = sorted(x for x in (folder / name).rglob("*") if x.suffix.lower() in _SUFFIXES)
        if not found:
            raise UsageError(f"class '{name}' has no images: there are none in '{folder / name}'")
        files += [(file, label) for file in found]
    return files


def _behind(link: Path, root: Path) -> str:
    """What is wrong with where a link leads; nothing where that is a file in the folder."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # the latter for circles, before Python 3.13
        return "it is a link that leads nowhere"
    if not target.is_relative_to(root):
        return "it is a link that leads out of the folder"
    return "" if target.is_file() else "it is a link that leads to no file"


def _in_files(found: Sequence[tuple[Path, int]]) -> Encoded:
    return Encoded(
        np.array([os.fsencode(path.absolute()) for path, _ in found]),
        np.array([(0, path.stat().st_size) for path, _ in found], np.int64),
        np.array([label for _, label in found], np.int64),
        [str(path) for path, _ in found],
    )
