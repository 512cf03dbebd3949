"""A user's own images in Parquet files, as the Hugging Face hub lays them out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from benchsuite.contract import Dataset
from benchsuite.data.images.cache import CachedPart, ImageFacts, cached_dataset, one_path
from benchsuite.data.images.inspection import Encoded, inspect
from benchsuite.data.sources.own_images import TESTS, numbered
from benchsuite.errors import UsageError, refused
from benchsuite.files import most_unpacked, opened

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

#: Of Parquet, that are in memory at once.
_ROWS = 256
#: What a row counts for beside its image: its name and label are kept.
_ROW_BYTES = 64
#: Encoded images hardly become smaller: a file may unpack to so many times its size, and to what
#: any file may unpack to.
_RATIO = 4
_LARGEST_LABEL = (1 << 63) - 1


def read_parquet(argument: str) -> Dataset:
    """Columns `image{bytes,path}` and `label`, as the Hugging Face hub lays them out.

    One file, or a folder of `train*.parquet` and `test*.parquet` (or `val*`). Raises
    UsageError where there are none, or other columns, and where they unpack to too much.
    """
    path = Path(argument)
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    tests = [file for file in files if file.name.startswith(TESTS)]
    trains = [file for file in files if file not in tests]
    if not trains or not all(file.is_file() for file in files):
        raise UsageError(f"'{path}' is neither a Parquet file nor a folder of train*.parquet")

    parts = {"train": trains, "test": tests} if tests else {"train": trains}

    def inspected(cached: Mapping[str, CachedPart]) -> ImageFacts:
        classes = _class_names(trains)
        lines = [
            inspect(_pack(found, cached[part].packed), len(classes), cached[part])
            for part, found in parts.items()
        ]
        return ImageFacts(path.stem, classes, list(chain(*lines)))

    return cached_dataset(files, inspected)


def _pack(files: Sequence[Path], target: Path) -> Encoded:
    """Encoded images, one after another: a row of Parquet cannot be read alone."""
    spans, labels, names, begin = [], [], [], 0
    allowed = _allowance(files)
    with target.open("wb") as packed:
        for name, content, label in _rows(files):
            packed.write(content)
            spans.append((begin, len(content)))
            labels.append(label)
            names.append(name)
            begin += len(content)
            if begin + len(names) * _ROW_BYTES > allowed:
                raise UsageError(f"{name}: the images so far are more than its file could hold")
    paths = one_path(target, len(names))
    shaped = np.array(spans, np.int64).reshape(-1, 2)
    return Encoded(paths, shaped, np.array(labels, np.int64), names)


def _allowance(files: Iterable[Path]) -> int:
    return most_unpacked() + _RATIO * sum(file.stat().st_size for file in files)


def _rows(files: Iterable[Path]) -> Iterator[tuple[str, bytes, int]]:
    """Names, encoded images and labels; what is empty is no image, and no label of any class."""
    for file in files:
        number = 0
        with _read(file) as table:
            for batch in table.iter_batches(_ROWS, columns=["image", "label"]):
                for row in batch.to_pylist():
                    image, label = row["image"] or {}, row["label"]
                    name = f"{file.name}:{image.get('path') or f'image {number}'}"
                    # no class has the label -1
                    fits = label is not None and label <= _LARGEST_LABEL
                    yield name, image.get("bytes") or b"", label if fits else -1
                    number += 1


@contextmanager
def _read(file: Path) -> Iterator[ParquetFile]:
    """A file with the right columns, that says that it unpacks to no more than it may."""
    from pyarrow.parquet import ParquetFile

    with (
        refused(f"'{file}' cannot be read as Parquet", Exception),  # damaged ones fail in many ways
        opened(file) as content,
        ParquetFile(content) as table,
    ):
        _check(table, file)
        yield table


def _check(table: ParquetFile, file: Path) -> None:
    from pyarrow import types

    schema, about = table.schema_arrow, table.metadata
    if "image" not in schema.names:
        raise UsageError(f"'{file}' has no column image; it has {', '.join(schema.names)}")
    image, label = (schema.field(name).type for name in ("image", "label"))
    held = {part.name: part.type for part in image} if types.is_struct(image) else {}
    kinds = (types.is_binary, types.is_large_binary)
    holds_bytes = "bytes" in held and any(fits(held["bytes"]) for fits in kinds)
    if not holds_bytes or not (types.is_integer(label) or types.is_null(label)):
        raise UsageError(
            f"'{file}': image is to be a struct with bytes, and label an integer; they are "
            f"{image} and {label}"
        )
    groups = [about.row_group(number) for number in range(about.num_row_groups)]
    unpacked = sum(group.total_byte_size for group in groups)
    if max(unpacked, about.num_rows * _ROW_BYTES) > _allowance([file]):
        raise UsageError(f"'{file}' says that it unpacks to {unpacked:,} bytes, which is too much")


class _Label(msgspec.Struct, frozen=True):
    names: list[str] | None = None


class _Features(msgspec.Struct, frozen=True):
    label: _Label = _Label()


class _Info(msgspec.Struct, frozen=True):
    features: _Features = _Features()


class _Hub(msgspec.Struct, frozen=True):
    """What the hub says of a file in its metadata, as far as it matters here."""

    info: _Info = _Info()


def _class_names(files: Sequence[Path]) -> tuple[str, ...]:
    """Those that the hub's own metadata gives; else the labels themselves."""
    last = -1
    for number, file in enumerate(files):
        with _read(file) as table:
            said = (table.schema_arrow.metadata or {}).get(b"huggingface", b"{}")
            names = msgspec.json.decode(said, type=_Hub).info.features.label.names
            if number == 0 and names:
                return tuple(names)
            for batch in table.iter_batches(columns=["label"]):
                labels = batch.column(0).drop_null().to_numpy(zero_copy_only=False)
                last = max(last, int(labels.max(initial=last)))
    return numbered(last, files[0])
