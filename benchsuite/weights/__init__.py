"""Weights in and out of files, and through backends."""

from benchsuite.weights.reading import Fitted, describe, read_weights
from benchsuite.weights.writing import pass_through, write_weights

__all__ = ["Fitted", "describe", "pass_through", "read_weights", "write_weights"]
