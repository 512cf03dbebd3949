"""What was found at the first look at files, kept on disk: none is looked at twice."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray

from benchsuite.contract import Dataset, EncodedImages, Split
from benchsuite.data.sources.download import cache_folder
from benchsuite.errors import UsageError

#: Changes with what decoding yields, and with how it is kept.
_VERSION = 3


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Of a data set as a whole."""

    name: str
    class_names: Sequence[str]
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class KeptPart:
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
        """`labels` (N,), and of encoded images `paths`, `spans`, `digests` and `channels`.

        Paths are left out where images are packed, which yet move.
        """
        if self.packed.exists():
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


def look_once(files: Iterable[Path], look: Callable[[dict[str, KeptPart]], ImageFacts]) -> Dataset:
    """The data set that `look` finds: from the cache where the same files were looked at before.

    The same are those of the same absolute path, size and time of last change, decoded by the
    same Pillow. `look` writes the parts "train" and, where there is one, "test".
    Raises UsageError where the cache cannot be written.
    """
    folder = cache_folder() / "images" / _key(files)
    if not folder.is_dir():
        try:
            _write(folder, look)
        except OSError as error:
            raise UsageError(
                f"'{folder.parent}' cannot be written: {error}; make room there, or set "
                "BENCHSUITE_CACHE to another folder"
            ) from error
    return _read(folder)


def _key(files: Iterable[Path]) -> str:
    digest = hashlib.sha256(f"{_VERSION}:{PIL.__version__}".encode())
    for file in files:
        about = file.stat()
        digest.update(f"\n{file.absolute()}:{about.st_size}:{about.st_mtime_ns}".encode())
    return digest.hexdigest()[:32]


def _parts(folder: Path) -> dict[str, KeptPart]:
    return {part: KeptPart(str(folder / part)) for part in ("train", "test")}


def _write(folder: Path, look: Callable[[dict[str, KeptPart]], ImageFacts]) -> None:
    """All or nothing: another process may be at the same."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        facts = look(_parts(made))
        text = json.dumps([facts.name, *map(list, (facts.class_names, facts.problems))])
        (made / "facts.json").write_text(text, encoding="utf-8")
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:  # nothing is left there, unless it failed or another process was first
        shutil.rmtree(made, ignore_errors=True)


def _read(folder: Path) -> Dataset:
    name, classes, problems = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    parts = _parts(folder)
    test = parts["test"].read() if Path(f"{parts['test'].stem}-labels.npy").exists() else None
    return Dataset(name, parts["train"].read(), tuple(classes), test, tuple(problems))
