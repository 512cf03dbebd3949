"""NumPy, imported when the first op computes: whoever only declares a network stays light."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchsuite.lazy import LazyModule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.floating]
else:
    np, Array = LazyModule("numpy"), Any

__all__ = ["Array", "np"]
