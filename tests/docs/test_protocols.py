"""docs/reference/protocols.md and flags.md state the numbers of the code."""

from pathlib import Path

from benchsuite import measure
from benchsuite.measure.flags import DISQUALIFYING
from benchsuite.measure.protocol import PROTOCOLS, Protocol
from benchsuite.planning import budget
from benchsuite.processes import settings as environment
from benchsuite.processes.tasks import TASKS


def test_numbers_of_the_protocols(document, table):
    rows = {row[0]: row[1:-1] for row in table(document("reference/protocols.md"), "## Protocols")}

    assert rows == {
        name: [_shown(getattr(protocol, name)) for protocol in PROTOCOLS.values()]
        for name in Protocol.__struct_fields__
        if name != "name"
    }


def _shown(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else f"{value:g}"


def test_flags_are_those_that_the_code_raises(document, table):
    rows = table(document("reference/flags.md"), "## Flags")

    stated = {row[0]: row[2] == "yes" for row in rows if row[0]}
    assert {name for name, excludes in stated.items() if excludes} == DISQUALIFYING
    sources = [source.read_text() for source in Path(measure.__file__).parent.glob("*.py")]
    for name in stated:
        assert any(f'"{name}"' in source for source in sources)


def test_numbers_of_the_budget(document, table):
    rows = {
        row[0]: row[1:3]
        for row in table(document("reference/protocols.md"), "## The tour's budget")
    }

    used = {
        "training": [budget._CPU.training, budget._ACCELERATOR.training],
        "inference_batch": [budget._CPU.inference_batch, budget._ACCELERATOR.inference_batch],
        "training_batch": [budget._CPU.training_batch, budget._ACCELERATOR.training_batch],
        "largest_batch": [
            ", ".join(map(str, limits.largest_batch))
            for limits in (budget._CPU, budget._ACCELERATOR)
        ],
    }
    stated = {
        name: cells if name == "largest_batch" else [float(cell) for cell in cells]
        for name, cells in rows.items()
    }
    assert stated == used


def test_variables_of_the_allocator(document, table):
    rows = table(document("reference/protocols.md"), "## Environment variables")

    allocator = [row[:2] for row in rows if row[0].startswith("MALLOC")]
    assert allocator == [[name, value] for name, value in environment._TUNED_ALLOCATOR.items()]
    assert {row[0] for row in rows} == set(environment.RECORDED_VARIABLES)


def test_tasks_of_a_case(document, table):
    rows = table(document("reference/protocols.md"), "## Processes")

    assert [row[0] for row in rows] == list(TASKS)
