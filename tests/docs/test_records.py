"""docs/reference/records.md names every field of every part of a record, in order."""

import json

import msgspec
import pytest

from benchsuite.contract import Normalizer, Recipe
from benchsuite.hooks import Source
from benchsuite.measure.machine.facts import describe_environment
from benchsuite.records import (
    Case,
    Digests,
    Epoch,
    Findings,
    Measurement,
    Overflow,
    Phase,
    Proof,
    Record,
    Roofline,
    Size,
    Training,
)
from benchsuite.records.causes import STATUS_BY_CAUSE
from benchsuite.records.series import AcceleratorReading, Reading, Series

PARTS = [
    Record,
    Case,
    Recipe,
    Findings,
    Source,
    Size,
    Training,
    Digests,
    Normalizer,
    Epoch,
    Measurement,
    Roofline,
    Overflow,
    Proof,
    Phase,
]

_ELSEWHERE = {Recipe: ("reference/recipes.md", "## Keys")}


def _structs(struct, found):
    """The struct and every struct that its fields hold, however deep."""
    found.add(struct)
    for field in msgspec.structs.fields(struct):
        pending = [msgspec.inspect.type_info(field.type)]
        while pending:
            kind = pending.pop()
            if isinstance(kind, msgspec.inspect.StructType):
                if kind.cls not in found:
                    _structs(kind.cls, found)
                continue
            for name in ("types", "item_types", "item_type", "value_type"):
                inner = getattr(kind, name, ())
                pending += inner if isinstance(inner, tuple) else [inner]
    return found


def test_parts_are_all_that_a_record_holds():
    assert _structs(Record, set()) == set(PARTS)


@pytest.mark.parametrize("part", [*PARTS, Series, Reading, AcceleratorReading])
def test_every_field_is_documented(document, table, part):
    page, heading = _ELSEWHERE.get(part, ("reference/records.md", f"## {part.__name__}"))
    rows = table(document(page), heading)

    assert [row[0] for row in rows] == list(part.__struct_fields__)


def test_every_cause_is_documented_with_its_status(document, table):
    rows = table(document("reference/records.md"), "## Causes")

    stated = {cause: status for cause, status, _ in rows}
    assert stated == {cause: status for cause, status in STATUS_BY_CAUSE.items() if cause}


def test_every_fact_of_the_machine_is_documented(document, table):
    rows = table(document("reference/records.md"), "## The machine")

    assert [row[0] for row in rows] == list(describe_environment())


def test_example_is_a_record_in_full(blocks):
    (block,) = (block for block in blocks("reference/records.md") if block.language == "json")

    record = msgspec.json.decode(block.text, type=Record)

    assert json.loads(msgspec.json.encode(record)) == json.loads(block.text)


def test_schema_version_is_documented(document):
    version = Record.__struct_defaults__[0]

    assert f"The version of the schema is {version}." in document("reference/records.md")
