"""Data: sources, splits, batches and digests, made once by the core for every backend."""

from benchsuite.data.batches import normalize, training_batches
from benchsuite.data.digests import digest_order
from benchsuite.data.prepare import PreparedData, prepare

__all__ = ["PreparedData", "digest_order", "normalize", "prepare", "training_batches"]
