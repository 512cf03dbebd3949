"""What a network said of each test image: kept beside the record, for paired comparison."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchsuite.errors import UsageError, refused
from benchsuite.npz import read_arrays
from benchsuite.records.writing import write_atomically, written


@dataclass(frozen=True, slots=True)
class Predictions:
    """One entry for each image of the test split, (N,) each.

    positions: the image's place in the data set as a whole; equal split digests, equal positions.
    labels, predicted: its class, and the one with the largest logit.
    losses: -log softmax(logits)[label], in nats.
    """

    positions: NDArray[np.integer]
    labels: NDArray[np.integer]
    predicted: NDArray[np.integer]
    losses: NDArray[np.floating]


_TYPES = {
    "positions": np.uint32,
    "labels": np.uint16,
    "predicted": np.uint16,
    "losses": np.float32,
}


def write_predictions(path: Path, predictions: Predictions) -> None:
    """As a compressed `.npz`, one array a field. Raises StorageError."""
    arrays = {name: getattr(predictions, name).astype(kind) for name, kind in _TYPES.items()}
    content = BytesIO()
    np.savez_compressed(content, **arrays)
    with written(path):
        write_atomically(path, content.getvalue())


def read_predictions(path: Path) -> Predictions:
    """Raises UsageError where the file is not there, or none of ours."""
    with refused(f"'{path}' is not a file of predictions", OSError, ValueError, KeyError):
        stored = read_arrays(path)
        found = Predictions(*(stored[name] for name in _TYPES))
    if not _fits(found):
        raise UsageError(f"'{path}' is not a file of predictions: its arrays are of other kinds")
    return found


def _fits(found: Predictions) -> bool:
    arrays = {name: getattr(found, name) for name in _TYPES}
    return all(
        array.shape == (found.labels.size,)
        and array.dtype.kind in ("f" if name == "losses" else "iu")
        for name, array in arrays.items()
    )
