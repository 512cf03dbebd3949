"""What a plugin implements, as small protocols and plain values."""

from benchsuite.contract.backend import (
    Backend,
    Batch,
    Counts,
    DeviceMemory,
    InspectableSession,
    LoopingSession,
    PartedSession,
    Session,
    Setup,
)
from benchsuite.contract.ceilings import ELEMENT_BYTES, CeilingBackend, Workload
from benchsuite.contract.checks import check_request, check_rule, check_setup
from benchsuite.contract.dataset import Dataset, EncodedImages, Images, RaggedImages, Split
from benchsuite.contract.idiomatic import IDIOMATIC_FIELDS, IdiomaticBackend, IdiomaticSession
from benchsuite.contract.native import NativeBackend, NativeModel
from benchsuite.contract.probe import Probe, ProbeContext
from benchsuite.contract.quantity import Metric, Quantity, Scale
from benchsuite.contract.recipe import Recipe
from benchsuite.contract.training import LossScaling, Normalizer, UpdateRule

__all__ = [
    "ELEMENT_BYTES",
    "IDIOMATIC_FIELDS",
    "Backend",
    "Batch",
    "CeilingBackend",
    "Counts",
    "Dataset",
    "DeviceMemory",
    "EncodedImages",
    "IdiomaticBackend",
    "IdiomaticSession",
    "Images",
    "InspectableSession",
    "LoopingSession",
    "LossScaling",
    "Metric",
    "NativeBackend",
    "NativeModel",
    "Normalizer",
    "PartedSession",
    "Probe",
    "ProbeContext",
    "Quantity",
    "RaggedImages",
    "Recipe",
    "Scale",
    "Session",
    "Setup",
    "Split",
    "UpdateRule",
    "Workload",
    "check_request",
    "check_rule",
    "check_setup",
]
