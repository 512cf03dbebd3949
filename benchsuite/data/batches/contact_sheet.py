"""A batch as one picture, for people to look at."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from benchsuite.contract import Batch

#: An image is shown at least so large, each of its pixels as a square.
_SIDE = 64
_CAPTION = 12
#: Classes that a caption names, the largest share first.
_NAMED = 2


def contact_sheet(batch: Batch, class_names: Sequence[str]) -> Image.Image:
    """A square of a batch's uint8 images, row by row, each above the name of its class."""
    count, height, width, _ = batch.images.shape
    scale = max(1, math.ceil(_SIDE / max(height, width)))
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    tall, wide = height * scale + _CAPTION, width * scale
    sheet = Image.new("RGB", (columns * wide, rows * tall), "white")
    draw = ImageDraw.Draw(sheet)
    for index, pixels in enumerate(batch.images):
        left, top = index % columns * wide, index // columns * tall
        shown = Image.fromarray(np.broadcast_to(pixels, (height, width, 3)).copy())
        sheet.paste(shown.resize((wide, height * scale), Image.Resampling.NEAREST), (left, top))
        draw.text((left + 1, top + height * scale), _caption(batch, index, class_names), "black")
    return sheet


def _caption(batch: Batch, index: int, class_names: Sequence[str]) -> str:
    label = batch.labels[index]
    if batch.labels.ndim == 1:
        return class_names[int(label)]
    largest = np.argsort(-label)[:_NAMED]
    return " ".join(f"{class_names[c]} {label[c]:.0%}" for c in largest)
