"""What a worker does for a case, each task in a process of its own.

A task yields what it finds as it comes, so that nothing measured is lost to what follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from numpy.typing import NDArray

from benchsuite.records import Ceiling, Findings
from benchsuite.records.series import Series
from benchsuite.worker.tasks.ceilings import measure_ceilings
from benchsuite.worker.tasks.context import TaskContext, plain
from benchsuite.worker.tasks.energy import spend_energy
from benchsuite.worker.tasks.fit import fit_inference, fit_training
from benchsuite.worker.tasks.memory import measure_memory
from benchsuite.worker.tasks.sweep import sweep_batches
from benchsuite.worker.tasks.timing import measure_time
from benchsuite.worker.tasks.train import import_for, train_and_evaluate

__all__ = ["TASKS", "Task", "TaskContext", "import_for", "plain"]

#: Findings, a figure's samples, the logits (N, classes) of the fixed batch, or a ceiling.
Yield = Findings | Series | NDArray[Any] | Ceiling
Task = Callable[[TaskContext], Iterator[Yield]]

#: In the order in which a case goes through them; `time` is repeated, in rounds, and the two that
#: fit a batch are repeated where `--batch-backoff` asks for them. `ceilings` is of no run:
#: `benchsuite doctor --ceilings` asks for it.
TASKS: dict[str, Task] = {
    "memory": measure_memory,
    "train": train_and_evaluate,
    "fit_inference": fit_inference,
    "fit_training": fit_training,
    "sweep": sweep_batches,
    "time": measure_time,
    "energy": spend_energy,
    "ceilings": measure_ceilings,
}
