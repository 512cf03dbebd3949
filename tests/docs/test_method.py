"""docs/method.md states the numbers that the code uses."""

import msgspec

from benchsuite.measure.protocol import SMOKE, TOUR
from benchsuite.run import budget, environment
from benchsuite.run.tasks import TASKS


def test_numbers_of_the_protocols(document, table):
    rows = {row[0]: row[1:3] for row in table(document("method.md"), "## Protocols")}

    stated = {name: [float(tour), float(smoke)] for name, (tour, smoke) in rows.items()}
    tour, smoke = (msgspec.to_builtins(protocol) for protocol in (TOUR, SMOKE))
    del tour["name"], smoke["name"]
    assert stated == {name: [tour[name], smoke[name]] for name in tour}


def test_numbers_of_the_budget(document, table):
    rows = {row[0]: row[1:3] for row in table(document("method.md"), "## The tour's budget")}

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
    rows = table(document("method.md"), "## Environment variables")

    allocator = [row[:2] for row in rows if row[0].startswith("MALLOC")]
    assert allocator == [[name, value] for name, value in environment._TUNED_ALLOCATOR.items()]
    assert {row[0] for row in rows} == set(environment.RECORDED_VARIABLES)


def test_tasks_of_a_case(document, table):
    rows = table(document("method.md"), "## Processes")

    assert [row[0] for row in rows] == list(TASKS)
