"""Whether what a session answers is what the contract says; an error names what is not."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.errors import BenchsuiteError, NotFiniteError

_DTYPES = ("float32", "float64")


def check_logits(logits: object, images: int, classes: int, precision: str = "") -> None:
    """Refuse what is no array of logits (images, classes) in float32, or float64 in fp64.

    precision: empty where either will do. Raises BenchsuiteError.
    """
    wanted = {"": _DTYPES, "fp64": ("float64",)}.get(precision, ("float32",))
    _check_array("predict()", logits, (images, classes), wanted)


def check_losses(losses: object, steps: int) -> None:
    """Refuse what is no array of one loss for each step. Raises BenchsuiteError."""
    _check_array("train()", losses, (steps,), _DTYPES)


def check_finite(logits: NDArray[np.floating]) -> None:
    """Raises NotFiniteError, which says how many are not."""
    wrong = int(np.count_nonzero(~np.isfinite(logits)))
    if wrong:
        raise NotFiniteError(f"{wrong:,} of {logits.size:,} logits are NaN or infinite")


def check_finite_weights(weights: Mapping[str, NDArray[np.floating]]) -> None:
    """Raises NotFiniteError, which names the first few that are not."""
    wrong = [name for name, array in weights.items() if not np.isfinite(array).all()]
    if wrong:
        shown = ", ".join(wrong[:3]) + (", …" if wrong[3:] else "")
        raise NotFiniteError(f"NaN or infinity in the weights {shown}")


def _check_array(call: str, found: Any, shape: tuple[int, ...], dtypes: tuple[str, ...]) -> None:  # noqa: ANN401 - whatever a backend answers
    if not isinstance(found, np.ndarray):
        raise BenchsuiteError(f"{call} gave a {type(found).__name__} rather than a NumPy array")
    if found.shape != shape:
        raise BenchsuiteError(f"{call} gave an array of shape {found.shape}, not {shape}")
    if found.dtype.name not in dtypes:
        raise BenchsuiteError(f"{call} gave numbers of type {found.dtype}, not {dtypes[0]}")
