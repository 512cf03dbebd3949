"""What was found at the first inspection of files, cached on disk: none is inspected twice."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import PIL
from numpy.typing import NDArray

from benchsuite.contract import Dataset, EncodedImages, Split
from benchsuite.data.sources.download import cache_folder
from benchsuite.errors import UsageError

#: Changes with what decoding yields, and with how it is cached.
_VERSION = 3


class ImageFacts(NamedTuple):
    """Of a data set as a whole: a JSON list on disk, in this order."""

    name: str
    class_names: Sequence[str]
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class CachedPart:
    """The files of one part; `stem` is how their paths begin.

    Where the images are encoded, what is made of them at other sizes comes to lie beside.
    """

    stem: str

    @property
    def pixels(self) -> Path:
        """Decoded images, where all have one shape and take little room."""
        return Path(f"{self.stem}-images.npy")

    @property
    def packed(self) -> Path:
        """Encoded images, one after another, where they lay in no files of their own."""
        return Path(f"{self.stem}-packed")

    def write(self, **arrays: NDArray[Any] | int) -> None:
        """`labels` (N,), and of encoded images `paths`, `spans`, `digests` and `channels`."""
        if self.packed.exists():  # its path has yet to change, as the folder is renamed
            arrays.pop("paths", None)
        for what, array in arrays.items():
            np.save(f"{self.stem}-{what}.npy", array)

    def read(self) -> Split:
        """Images stay on disk until they are read: pages of one file serve every process."""
        labels = np.array(self._mapped("labels"))
        if self.pixels.exists():
            return Split(self._mapped("images"), labels)
        packed = self.packed.exists()
        paths = one_path(self.packed, len(labels)) if packed else self._mapped("paths")
        spans, digests, channels = map(self._mapped, ("spans", "digests", "channels"))
        return Split(EncodedImages(paths, spans, digests, int(channels), self.stem), labels)

    def _mapped(self, what: str) -> NDArray[Any]:
        found: NDArray[Any] = np.load(f"{self.stem}-{what}.npy", mmap_mode="r", allow_pickle=False)
        return found


def one_path(path: Path, count: int) -> NDArray[np.bytes_]:
    """The path of a file in which all images lie, (N,)."""
    return np.broadcast_to(np.array(os.fsencode(path)), count)


@contextmanager
def writing_to_cache(path: Path) -> Iterator[None]:
    """Raise UsageError, which says what to do, where the path cannot be written."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"'{path}' cannot be written: {error}; make room there, or set BENCHSUITE_CACHE to "
            "another folder"
        ) from error


#: Writes the parts that it is given, and says what holds for all of them.
Inspection = Callable[[dict[str, CachedPart]], ImageFacts]


def cached_dataset(files: Iterable[Path], inspect: Inspection) -> Dataset:
    """The data set that `inspect` finds: from the cache where the same files were inspected before.

    The same are those of the same absolute path, size and time of last change, decoded by the
    same Pillow. `inspect` writes the parts "train" and, where there is one, "test".
    Raises UsageError where the cache cannot be written.
    """
    folder = cache_folder() / "images" / _key(files)
    if not folder.is_dir():
        with writing_to_cache(folder.parent):
            _write(folder, inspect)
    return _read(folder)


def _key(files: Iterable[Path]) -> str:
    # Another Pillow may decode the same file to other pixels.
    digest = hashlib.sha256(f"{_VERSION}:{PIL.__version__}".encode())
    for file in files:
        about = file.stat()
        digest.update(f"\n{file.absolute()}:{about.st_size}:{about.st_mtime_ns}".encode())
    return digest.hexdigest()[:32]


def _parts(folder: Path) -> dict[str, CachedPart]:
    return {part: CachedPart(str(folder / part)) for part in ("train", "test")}


def _write(folder: Path, inspect: Inspection) -> None:
    """All or nothing: another process may be at the same."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        text = json.dumps(inspect(_parts(made)))
        (made / "facts.json").write_text(text, encoding="utf-8")
        try:
            made.rename(folder)
        except OSError:
            # Where the folder is there, another process was first, and found the same.
            if not folder.is_dir():
                raise
    finally:  # nothing is left there, unless it failed or another process was first
        shutil.rmtree(made, ignore_errors=True)


def _read(folder: Path) -> Dataset:
    facts = ImageFacts(*json.loads((folder / "facts.json").read_text(encoding="utf-8")))
    parts = _parts(folder)
    test = parts["test"].read() if (folder / "test-labels.npy").exists() else None
    train, classes = parts["train"].read(), tuple(facts.class_names)
    return Dataset(facts.name, train, classes, test, tuple(facts.problems))
