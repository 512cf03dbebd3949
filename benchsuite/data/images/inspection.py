"""The first inspection of encoded images: what they are, and what is wrong with them.

Each is decoded once, by worker processes where there are many. Where all have one shape and
take little room, their pixels are cached; else where they lie, and their digests.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchsuite.data.digests import digest_image
from benchsuite.data.images.arrays import RowFile
from benchsuite.data.images.cache import CachedPart
from benchsuite.data.images.decoder_pool import Decoders
from benchsuite.data.images.encoded import as_channels, read_image
from benchsuite.errors import UsageError
from benchsuite.terminal import shown

#: Decoded images of one shape are cached up to so many bytes.
_CACHED_BYTES = 4 << 30
#: That a process is given at once.
_CHUNK = 64
_COLOURS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Images as they lie in files, before they were inspected.

    paths: (N,) bytes, absolute.  spans: (N, 2) int64, where each begins and how many bytes it
        has.
    labels: (N,) int64.  names: for messages.
    """

    paths: NDArray[np.bytes_]
    spans: NDArray[np.int64]
    labels: NDArray[np.int64]
    names: Sequence[str]


#: Paths and spans of some images, from row `first` of all.
_Task = tuple[NDArray[np.bytes_], NDArray[np.int64], int]


#: shape: zeros where a problem is.  digests: of the image as it is, and in colours.
_FOUND = np.dtype([("shape", np.int64, 3), ("digests", np.uint8, (2, 32)), ("problem", object)])


def inspect(encoded: Encoded, classes: int, part: CachedPart) -> tuple[str, ...]:
    """Cache what they are; return a line for each problem. Raises UsageError where all have one."""
    fits = (encoded.labels >= 0) & (encoded.labels < classes)
    rows = np.flatnonzero(fits)
    paths, spans = encoded.paths[rows], encoded.spans[rows]
    pixels = _room(paths, spans, part.pixels)
    found = _inspect_all(paths, spans, pixels)
    said = {row: f"label {encoded.labels[row]} of {classes} classes" for row in _where(~fits)}
    said |= {row: text for row, text in zip(rows.tolist(), found["problem"], strict=True) if text}
    problems = tuple(f"{encoded.names[row]}: {said[row]}" for row in sorted(said))
    good = found["shape"][:, 0] > 0
    if not good.any():
        some = "; ".join(problems[:5]) or "there are none"
        raise UsageError(f"not one image can be read: {some}")
    part.write(labels=encoded.labels[rows[good]])
    if pixels is not None and np.all(found["shape"][good] == pixels.shape):
        _leave_only(good, pixels)
        part.packed.unlink(missing_ok=True)
    else:
        part.pixels.unlink(missing_ok=True)
        channels = found["shape"][good, 2]
        # Where some images have colours all get them, and each the digest that it then has.
        wanted = int(channels.max())
        digests = found["digests"][good, (channels != wanted).astype(np.int64)]
        part.write(paths=paths[good], spans=spans[good], digests=digests, channels=wanted)
    return problems


def _where(chosen: NDArray[np.bool_]) -> list[int]:
    found: list[int] = np.flatnonzero(chosen).tolist()
    return found


def _room(paths: NDArray[np.bytes_], spans: NDArray[np.int64], path: Path) -> RowFile | None:
    """For the pixels of all, if they are as large as the first: where that is not too much."""
    for place, span in zip(paths, spans, strict=True):
        try:
            height, width, channels = read_image(place, span).shape
        except ValueError:
            continue
        # The first whole image decides: whether all are like it shows at the end only.
        if len(paths) * height * width * channels > _CACHED_BYTES:
            return None
        return RowFile.create(path, len(paths), (height, width, channels))
    return None


def _inspect_all(
    paths: NDArray[np.bytes_], spans: NDArray[np.int64], pixels: RowFile | None
) -> NDArray[np.void]:
    starts = range(0, len(paths), _CHUNK)
    tasks = ((paths[i : i + _CHUNK], spans[i : i + _CHUNK], i) for i in starts)
    with closing(Decoders.worth(spans)) as decoders:
        found = decoders.map(partial(_inspect_some, pixels), tasks)
        # An empty one first: nothing at all cannot be concatenated.
        return np.concatenate(
            [np.empty(0, _FOUND), *shown("looking at images", found, len(starts))]
        )


def _inspect_some(pixels: RowFile | None, task: _Task) -> NDArray[np.void]:
    """Inspect some, and write those that fit there. In any process."""
    paths, spans, first = task
    found = np.zeros(len(paths), _FOUND)
    for row, (path, span) in enumerate(zip(paths, spans, strict=True)):
        try:
            image = read_image(path, span)
        except ValueError as error:
            found["problem"][row] = str(error)
            continue
        found["shape"][row] = image.shape
        alike = (image, as_channels(image, _COLOURS)) if image.shape[2] != _COLOURS else (image,)
        for kind, each in enumerate(alike):
            found["digests"][row, kind] = np.frombuffer(digest_image(each), np.uint8)
        if pixels is not None and image.shape == pixels.shape:
            pixels.write(first + row, image)
    return found


def _leave_only(good: NDArray[np.bool_], pixels: RowFile) -> None:
    """Take the rows out for which there are no pixels."""
    if good.all():
        return
    everything = np.load(pixels.path, mmap_mode="r", allow_pickle=False)
    fewer = pixels.path.with_suffix(".fewer")
    target = RowFile.create(fewer, int(good.sum()), pixels.shape)
    for row, source in enumerate(_where(good)):
        target.write(row, everything[source])
    fewer.replace(pixels.path)
