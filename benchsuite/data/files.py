"""A user's own images: a folder of them, Parquet files, or arrays."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import Dataset, Split
from benchsuite.data.first_look import Encoded, look
from benchsuite.data.kept import Facts, KeptPart, look_once, one_path
from benchsuite.errors import UsageError

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm"})
#: Of Parquet, that are in memory at once.
_ROWS = 256
_TESTS = ("test", "val", "validation")


def read_npz(argument: str) -> Dataset:
    """`x_train`, `y_train`, and `x_test`, `y_test` where there is a test split, as Keras has them.

    Images are (N, H, W), (N, H, W, 1) or (N, H, W, 3), uint8. Raises UsageError for others.
    """
    path = Path(argument)
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(f"'{path}' cannot be read as an .npz file of arrays: {error}") from error
    train = _array_split(arrays, "train", path)
    test = _array_split(arrays, "test", path) if "x_test" in arrays else None
    count = 1 + max(int(part.labels.max(initial=-1)) for part in (train, test) if part)
    return Dataset(path.stem, train, tuple(map(str, range(count))), test)


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
    return Split(shaped, labels.reshape(-1).astype(np.int64))


def read_folder(argument: str) -> Dataset:
    """`train/<class>/*` and `test/<class>/*` (or `val`), or `<class>/*`, to be split by the core.

    Raises UsageError where there is no class, or one without images.
    """
    path = Path(argument)
    if not path.is_dir():
        raise UsageError(f"'{path}' is no folder: give one with a folder of images for each class")
    split = (path / "train").is_dir()
    parts = {"train": path / "train" if split else path}
    test = next((path / name for name in _TESTS if split and (path / name).is_dir()), None)
    if test is not None:
        parts["test"] = test
    classes = sorted(entry.name for entry in parts["train"].iterdir() if entry.is_dir())
    if not classes:
        raise UsageError(f"'{parts['train']}' has no folders: each class is to be one")
    files = {part: list(_files(folder, classes)) for part, folder in parts.items()}

    def look_at(kept: Mapping[str, KeptPart]) -> Facts:
        lines = [look(_in_files(found), len(classes), kept[part]) for part, found in files.items()]
        return Facts(path.name, classes, list(chain(*lines)))

    return look_once([file for each in files.values() for file, _ in each], look_at)


def _files(folder: Path, classes: Sequence[str]) -> Iterator[tuple[Path, int]]:
    strange = sorted(x.name for x in folder.iterdir() if x.is_dir() and x.name not in classes)
    if strange:
        raise UsageError(f"'{folder}' has classes that are not in train: {', '.join(strange)}")
    for label, name in enumerate(classes):
        found = sorted(x for x in (folder / name).rglob("*") if x.suffix.lower() in _SUFFIXES)
        if not found:
            raise UsageError(f"class '{name}' has no images: there are none in '{folder / name}'")
        for file in found:
            yield file, label


def _in_files(found: Sequence[tuple[Path, int]]) -> Encoded:
    return Encoded(
        np.array([os.fsencode(path.absolute()) for path, _ in found]),
        np.array([(0, path.stat().st_size) for path, _ in found], np.int64),
        np.array([label for _, label in found], np.int64),
        [str(path) for path, _ in found],
    )


def read_parquet(argument: str) -> Dataset:
    """Columns `image{bytes,path}` and `label`, as the Hugging Face hub lays them out.

    One file, or a folder of `train*.parquet` and `test*.parquet` (or `val*`). Raises
    UsageError where there are none, or other columns.
    """
    path = Path(argument)
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    tests = [file for file in files if file.name.startswith(_TESTS)]
    trains = [file for file in files if file not in tests]
    if not trains or not trains[0].is_file():
        raise UsageError(f"'{path}' is no Parquet file and no folder of train*.parquet")

    parts = {"train": trains, "test": tests} if tests else {"train": trains}

    def look_at(kept: Mapping[str, KeptPart]) -> Facts:
        classes = _class_names(trains)
        lines = [
            look(_pack(found, kept[part].packed), len(classes), kept[part])
            for part, found in parts.items()
        ]
        return Facts(path.stem, classes, list(chain(*lines)))

    return look_once(files, look_at)


def _pack(files: Iterable[Path], target: Path) -> Encoded:
    """Encoded images, one after another: a row of Parquet cannot be read alone."""
    spans, labels, names, begin = [], [], [], 0
    with target.open("wb") as packed:
        for name, content, label in _rows(files):
            packed.write(content)
            spans.append((begin, len(content)))
            labels.append(label)
            names.append(name)
            begin += len(content)
    paths = one_path(target, len(names))
    shaped = np.array(spans, np.int64).reshape(-1, 2)
    return Encoded(paths, shaped, np.array(labels, np.int64), names)


def _rows(files: Iterable[Path]) -> Iterator[tuple[str, bytes, int]]:
    """Names, encoded images and labels; what is empty is no image, and no label of any class."""
    from pyarrow import ArrowException, parquet

    for file in files:
        number = 0
        try:
            for batch in parquet.ParquetFile(file).iter_batches(_ROWS, columns=["image", "label"]):
                for row in batch.to_pylist():
                    image, label = row["image"] or {}, row["label"]
                    name = f"{file.name}:{image.get('path') or f'image {number}'}"
                    yield name, image.get("bytes") or b"", -1 if label is None else label
                    number += 1
        except (ArrowException, OSError) as error:
            raise UsageError(f"'{file}' cannot be read as Parquet: {error}") from error


def _class_names(files: Sequence[Path]) -> tuple[str, ...]:
    """Those that the hub's own metadata gives; else the labels themselves."""
    from pyarrow import ArrowException, parquet

    try:
        schema = parquet.read_schema(files[0])
        labels = [parquet.read_table(file, columns=["label"])["label"] for file in files]
        if "image" not in schema.names:
            raise UsageError(f"'{files[0]}' has no column image; it has {', '.join(schema.names)}")
    except (ArrowException, KeyError, OSError) as error:
        raise UsageError(f"'{files[0]}' cannot be read as Parquet: {error}") from error
    features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    names = features.get("info", {}).get("features", {}).get("label", {}).get("names")
    if names:
        return tuple(names)
    known = (label for found in labels for label in found.to_pylist() if label is not None)
    return tuple(map(str, range(1 + max(known, default=-1))))
