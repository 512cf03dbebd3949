"""Tasks are declared once: what the declarations mean, and that the worker has them all."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from benchsuite import orchestration, worker
from benchsuite.processes.tasks import MEMORY, TASKS, TIME, TRAIN, load


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_function_of_a_task_is_there(task):
    assert callable(load(task.function))
    assert not task.prepare or callable(load(task.prepare))


def test_process_of_a_task_is_as_declared(make_record):
    case = make_record(isolation="fork", process_settings="tuned").case

    assert (TIME.is_forked(case), TIME.is_tuned(case)) == (True, True)
    assert (TRAIN.is_forked(case), TRAIN.is_tuned(case)) == (True, True)
    assert (MEMORY.is_forked(case), MEMORY.is_tuned(case)) == (False, False)
    plain = replace(case, isolation="spawn", process_settings="stock")
    assert not any(task.is_forked(plain) or task.is_tuned(plain) for task in TASKS.values())


def test_only_what_takes_turns_is_repeated():
    assert [task.name for task in TASKS.values() if task.may_repeat] == ["time"]


@pytest.mark.parametrize("room", [orchestration, worker])
def test_no_task_is_told_from_others_by_its_name(room):
    for path in Path(room.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not any(f'== "{name}"' in text for name in TASKS), path
