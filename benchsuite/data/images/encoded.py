"""Encoded images (JPEG, PNG, …) as arrays."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from benchsuite.contract import EncodedImages
from benchsuite.errors import UsageError
from benchsuite.files import opened

#: Without colour: all other modes become RGB.
_GRAY = ("1", "L", "LA", "La", "F")
_SIXTEEN_BITS = ("I", "I;16", "I;16B", "I;16L", "I;16N")
_LARGEST_16 = 65535
#: Those that docs/reference/datasets.md names. Pillow has some forty more, and one of them starts
#: Ghostscript.
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
#: An image of 8192×8192: decoding takes up to 0.8 GB. A few bytes can say that they are more.
_MOST_PIXELS = 1 << 26
_MOST_ENCODED_BYTES = 1 << 28


def decode(content: bytes) -> NDArray[np.uint8]:
    """An image (h, w, 1) or (h, w, 3): without alpha, and of an animation the first frame.

    16-bit values are scaled to bytes; CMYK and palettes become RGB. Raises ValueError where
    it is no image, cut short, or larger than 8192×8192.
    """
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > _MOST_PIXELS:
                size = f"{image.width}×{image.height}"
                raise ValueError(f"{size} pixels are more than {_MOST_PIXELS:,}")  # noqa: TRY301
            image.load()
            return _as_array(image)
    except UnidentifiedImageError as error:  # its own words name an address in memory
        raise ValueError("no image of a kind that Pillow reads") from error
    except Exception as error:  # decoders of broken images fail in many ways
        raise ValueError(" ".join(str(error).split()) or type(error).__name__) from error


def _as_array(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode in _SIXTEEN_BITS:
        wide = np.array(image, np.float64)
        wide *= 255 / _LARGEST_16
        np.clip(np.rint(wide, out=wide), 0, 255, out=wide)
        return wide.astype(np.uint8)[..., np.newaxis]
    if image.mode in _GRAY:
        return np.asarray(image.convert("L"))[..., np.newaxis]
    return np.asarray(image.convert("RGB"))


def read_image(path: bytes, span: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The image at `span`: begin, bytes. Raises ValueError as `decode`, and where unreadable."""
    begin, size = map(int, span)
    if size > _MOST_ENCODED_BYTES:
        raise ValueError(f"it has {size:,} bytes, and {_MOST_ENCODED_BYTES:,} are the most")
    try:
        with opened(path) as file:
            file.seek(begin)
            content = file.read(size)
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    return decode(content)


def as_channels(image: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """(h, w, channels): a gray image is repeated, another has as many already."""
    return image if image.shape[2] == channels else np.repeat(image, channels, axis=2)


def read_images(images: EncodedImages) -> Iterator[NDArray[np.uint8]]:
    """(h, w, c) each, in order. Raises UsageError where one is no longer what it was."""
    for path, span in zip(images.paths, images.spans, strict=True):
        yield as_channels(_read_again(path, span, images.cache_stem), images.channels)


def _read_again(path: bytes, span: NDArray[np.int64], cache_stem: str) -> NDArray[np.uint8]:
    try:
        return read_image(path, span)
    except ValueError as error:
        raise UsageError(
            f"the image at byte {span[0]} of '{os.fsdecode(path)}' was whole when it was first "
            f"read and is not now: {error}; put it back, or remove '{Path(cache_stem).parent}' to "
            "have all images looked at again"
        ) from error
