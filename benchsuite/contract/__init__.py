"""What a plugin implements, as small protocols and plain values."""

from benchsuite.contract.backend import Backend, Batch, Counts, InspectableSession, Session, Setup
from benchsuite.contract.checks import check_request, check_setup
from benchsuite.contract.dataset import Dataset, Split
from benchsuite.contract.metric import Metric
from benchsuite.contract.native import NativeBackend, NativeModel
from benchsuite.contract.training import Normalizer, UpdateRule

__all__ = [
    "Backend",
    "Batch",
    "Counts",
    "Dataset",
    "InspectableSession",
    "Metric",
    "NativeBackend",
    "NativeModel",
    "Normalizer",
    "Session",
    "Setup",
    "Split",
    "UpdateRule",
    "check_request",
    "check_setup",
]
