"""What a worker does for a case: three tasks, each in a process of its own.

A task yields its findings as they come, so that nothing measured is lost to what follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchsuite.records import Findings
from benchsuite.run.tasks.at_work import TaskAtWork, plain
from benchsuite.run.tasks.learn import import_for, learn
from benchsuite.run.tasks.memory import measure_memory
from benchsuite.run.tasks.timing import measure_time

__all__ = ["TASKS", "Task", "TaskAtWork", "import_for", "plain"]

Task = Callable[[TaskAtWork], Iterator[Findings]]

#: In the order in which a case goes through them.
TASKS: dict[str, Task] = {"memory": measure_memory, "learn": learn, "time": measure_time}
