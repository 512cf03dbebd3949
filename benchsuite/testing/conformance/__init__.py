"""The conformance kit: what every backend must do, as tests that its author runs with pytest.

    from benchsuite.testing import BackendConformance

    class TestMyBackend(BackendConformance):
        backend = "mybackend"       # the name under which an installed plugin offers it

Override `create` for a backend that no plugin offers yet, `to_numpy` where
`numpy.asarray` does not take the framework's tensors, and set `trains = False` where the
backend only predicts. Set `device` and `tolerance` to test elsewhere than on a CPU.
"""

from benchsuite.testing.conformance.ceilings import CeilingTests
from benchsuite.testing.conformance.forward import ForwardTests
from benchsuite.testing.conformance.gradients import GradientTests
from benchsuite.testing.conformance.interface import InterfaceTests
from benchsuite.testing.conformance.parts import PartTests
from benchsuite.testing.conformance.precision import PrecisionTests
from benchsuite.testing.conformance.randomness import RandomnessTests
from benchsuite.testing.conformance.state import StateTests
from benchsuite.testing.conformance.steps import StepTests
from benchsuite.testing.conformance.tiers import TierTests
from benchsuite.testing.conformance.training import TrainingTests

__all__ = ["BackendConformance"]


class BackendConformance(
    InterfaceTests,
    ForwardTests,
    StateTests,
    TrainingTests,
    StepTests,
    GradientTests,
    RandomnessTests,
    PartTests,
    PrecisionTests,
    TierTests,
    CeilingTests,
):
    """Every test of the contract; subclass it in three lines, as above."""
