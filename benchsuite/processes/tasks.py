"""The tasks that a case is made of: declared here, for the harness and for its workers alike.

Each is done in a process of its own. The harness reads how; what is done is in
`benchsuite.worker.tasks`, which a worker alone imports.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from benchsuite.records import Case, Status

#: What a task finds out: parts of the record, raw samples, the logits of the fixed batch, or what
#: the device can do at the most.
Yield = Literal["findings", "samples", "logits", "ceiling"]


@dataclass(frozen=True, slots=True)
class Task:
    """One task: how its process is started, and what its end means for the case.

    function: `module:attribute`; it takes a `TaskContext` and yields what it finds, as it comes,
        so that nothing measured is lost to what follows.
    prepare: likewise; it takes a `TaskContext` and imports what the task needs besides the
        framework. Called once in the process from which others are forked.
    process: `fresh` for an interpreter of its own even where the case's processes are forked.
    settings: `stock` for the system's own allocator and binding even where the case's processes
        are tuned.
    may_repeat: whether it is done again where something that passes disturbed it.
    survived: statuses with which it may end, and its case goes on without what it looked for.
    """

    name: str
    function: str
    yields: tuple[Yield, ...]
    prepare: str = ""
    process: Literal["fresh", "as the case"] = "as the case"
    settings: Literal["stock", "as the case"] = "as the case"
    may_repeat: bool = False
    survived: tuple[Status, ...] = ()

    def is_tuned(self, case: Case) -> bool:
        """Whether its process gets what suits the framework."""
        return self.settings == "as the case" and case.process_settings == "tuned"

    def is_forked(self, case: Case) -> bool:
        """Whether its process is forked from one that has imported the framework."""
        return self.process == "as the case" and case.isolation == "fork"


def load(path: str) -> Any:  # noqa: ANN401 - a task's function, whatever it yields
    """What a path of the form `module:attribute` leads to."""
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)


_WORKER = "benchsuite.worker.tasks"

MEMORY = Task(
    "memory",
    f"{_WORKER}.memory:measure_memory",
    yields=("findings", "logits"),
    # A forked child shares its parent's pages, which would hide what the case itself needs; and an
    # allocator that keeps memory would be measured in place of the case.
    process="fresh",
    settings="stock",
)
TRAIN = Task(
    "train",
    f"{_WORKER}.train:train_and_evaluate",
    yields=("findings",),
    prepare=f"{_WORKER}.train:import_data_set",
)
FIT_INFERENCE = Task(
    "fit_inference",
    f"{_WORKER}.fit:fit_inference",
    yields=("findings",),
    survived=("oom",),  # a smaller batch is tried
)
FIT_TRAINING = Task(
    "fit_training", f"{_WORKER}.fit:fit_training", yields=("findings",), survived=("oom",)
)
SWEEP = Task(
    "sweep",
    f"{_WORKER}.sweep:sweep_batches",
    yields=("findings", "samples"),
    survived=("oom",),  # a full device is the end of the curve
)
TIME = Task(
    "time", f"{_WORKER}.timing:measure_time", yields=("findings", "samples"), may_repeat=True
)
ENERGY = Task("energy", f"{_WORKER}.energy:spend_energy", yields=("findings", "samples"))
#: Of no run: `benchsuite doctor --ceilings` asks for it.
CEILINGS = Task("ceilings", f"{_WORKER}.ceilings:measure_ceilings", yields=("ceiling",))

#: By name, in the order in which a case goes through them: `time` once in each round, and those
#: that fit a batch, where `--batch-backoff` asks for them, until it is found.
TASKS = {
    task.name: task
    for task in (MEMORY, TRAIN, FIT_INFERENCE, FIT_TRAINING, SWEEP, TIME, ENERGY, CEILINGS)
}
