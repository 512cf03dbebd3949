"""Weights in and out of files, and through backends."""

from benchsuite.weights.reading import Fitted, describe, read_weights
from benchsuite.weights.transfer import pass_through
from benchsuite.weights.writing import write_weights

__all__ = ["Fitted", "describe", "pass_through", "read_weights", "write_weights"]
