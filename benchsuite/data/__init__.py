"""Data: sources, splits, batches and digests, made once by the core for every backend."""

from benchsuite.data.batches.augment import AUGMENTATIONS, check_augmentations
from benchsuite.data.batches.contact_sheet import contact_sheet
from benchsuite.data.batches.fitted import FittedImages, FittedSplit, fit_split
from benchsuite.data.batches.stream import Prefetched, TrainingBatches, normalize
from benchsuite.data.digests import digest_dataset, digest_order
from benchsuite.data.prepare import PreparedData, check_splits, load_source, prepare
from benchsuite.data.splits import Fold

__all__ = [
    "AUGMENTATIONS",
    "FittedImages",
    "FittedSplit",
    "Fold",
    "Prefetched",
    "PreparedData",
    "TrainingBatches",
    "check_augmentations",
    "check_splits",
    "contact_sheet",
    "digest_dataset",
    "digest_order",
    "fit_split",
    "load_source",
    "normalize",
    "prepare",
]
