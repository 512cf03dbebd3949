"""Encoded images at a network's size: cached on disk where there is room, made anew elsewhere."""

from contextlib import closing
from functools import partial
from math import prod
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import EncodedImages
from benchsuite.data.images.arrays import Extent, RowFile, fit_images
from benchsuite.data.images.cache import writing_to_cache
from benchsuite.data.images.decoder_pool import Decoders, shared_decoders
from benchsuite.data.images.encoded import read_images
from benchsuite.terminal import shown

#: All images of a part, resized, are cached up to so many bytes.
_CACHED_BYTES = 4 << 30
#: That a process is given at once.
_CHUNK = 64


def resized_once(images: EncodedImages, shape: Extent) -> NDArray[np.uint8] | None:
    """All of them as (N, H, W, C), on disk until they are read; None where that is too much.

    Made by whoever asks first, for every process of this run and the next. Raises UsageError
    where they cannot be cached.
    """
    if len(images) * prod(shape) > _CACHED_BYTES:
        return None
    path = Path(f"{images.cache_stem}-{'x'.join(map(str, shape))}.npy")
    if not path.exists():
        with writing_to_cache(path):
            _make(images, shape, path)
    resized: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
    return resized


def _make(images: EncodedImages, shape: Extent, path: Path) -> None:
    """All or nothing: another process may be at the same, and make the same bytes."""
    made = path.with_name(f"{path.name}.{uuid4().hex}")
    try:
        target = RowFile.create(made, len(images), shape)
        starts = range(0, len(images), _CHUNK)
        tasks = ((start, _some(images, start, _CHUNK)) for start in starts)
        with closing(Decoders.worth(images.spans)) as decoders:
            done = decoders.map(partial(_write, target), tasks)
            for _ in shown("resizing images", done, len(starts)):
                pass
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)


def resize_now(images: EncodedImages, shape: Extent) -> NDArray[np.uint8]:
    """(N, H, W, C), by the processes that serve this one: the same bytes by any number."""
    decoders = shared_decoders()
    chunk = max(1, min(_CHUNK, -(-len(images) // decoders.count)))
    starts = range(0, len(images), chunk)
    tasks = (_some(images, start, chunk) for start in starts)
    resized = np.empty((len(images), *shape), np.uint8)
    for start, some in zip(starts, decoders.map(partial(_resize, shape), tasks), strict=True):
        resized[start : start + len(some)] = some
    return resized


def _some(images: EncodedImages, start: int, count: int) -> EncodedImages:
    return images.take(np.arange(start, min(start + count, len(images))))


def _write(target: RowFile, task: tuple[int, EncodedImages]) -> None:
    """Images to rows of the target, from the first that the task names. In any process."""
    first, images = task
    for row, image in enumerate(read_images(images), first):
        target.write(row, fit_images(image[np.newaxis], target.shape)[0])


def _resize(shape: Extent, images: EncodedImages) -> NDArray[np.uint8]:
    """(N, H, W, C). In any process."""
    resized = np.empty((len(images), *shape), np.uint8)
    for row, image in enumerate(read_images(images)):
        resized[row] = fit_images(image[np.newaxis], shape)[0]
    return resized
