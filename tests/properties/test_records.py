"""Any record is what was written, and so are its columns."""

import io
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from benchsuite.contract import Normalizer, Recipe
from benchsuite.errors import UsageError
from benchsuite.names import readable_line
from benchsuite.records import (
    Case,
    Digests,
    Epoch,
    Findings,
    Measurement,
    Phase,
    Proof,
    Record,
    Roofline,
    RunStore,
    Size,
    Training,
    read_record,
)
from benchsuite.records.schema import SCHEMA_VERSION
from benchsuite.report.leaderboard.rows import columns_of, csv_text
from benchsuite.report.leaderboard.view import view_of

texts = st.text(st.characters(codec="utf-8"), max_size=20)
#: Names that a column may be called by: metrics become one.
words = st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True)
integers = st.integers(-(1 << 63), (1 << 63) - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
maybe = floats | st.none()
figures = st.dictionaries(words, maybe, max_size=3)
extents = st.tuples(integers, integers, integers)


def structs(kind, **chosen):
    """Any value of a struct: of each field by its type, or as it was chosen."""
    return st.builds(kind, **{**{f.name: _of(f.type) for f in fields(kind)}, **chosen})


def _of(kind):
    simple = {str: texts, int: integers, float: floats, bool: st.booleans()}
    return simple[kind] if kind in simple else st.from_type(kind)


cases = structs(
    Case,
    recipe=st.builds(Recipe, epochs=st.integers(1, 99), lr=st.floats(1e-6, 1.0)),
    threads=integers,
    limit=integers | st.none(),
    fold=st.tuples(st.integers(0, 9), st.integers(2, 10)) | st.none(),
    seed=integers,
    input_shape=extents,
    train_input_shape=extents,
    num_classes=integers,
    inference_batch_size=integers,
    training_batch_size=integers,
)
epochs = structs(
    Epoch, steps=integers, images=integers, validation=figures, mean_loss_nats=maybe,
    input_wait_s=maybe, compile_s=maybe,
)  # fmt: skip
trainings = structs(
    Training,
    digests=structs(Digests),
    normalizer=st.just(Normalizer()),
    split_sizes=st.dictionaries(words, integers, max_size=3),
    step_losses=st.lists(maybe, max_size=3).map(tuple),
    epochs=st.lists(epochs, max_size=3).map(tuple),
    time_to_target_s=maybe,
    validation=figures,
    test=figures,
    test_recall_by_class=st.just(()),
)
measurements = structs(
    Measurement,
    metric=st.sampled_from(["latency", "inference_throughput", "other"]),
    batch_size=st.integers(1, 1 << 40) | st.none(),
    values=st.lists(floats, max_size=3).map(tuple),
    rounds=st.just(()),
    samples=integers,
    flags=st.lists(words, max_size=2).map(tuple),
    **dict.fromkeys(("value", "low", "high", "bound", "margin"), maybe),
)
whole = {f.name: integers | st.none() for f in fields(Size) if f.name.endswith("elements")}
sizes = structs(
    Size,
    **dict.fromkeys(
        ("parameters", "buffers", "macs", "flops", "native_parameters", "native_macs"), integers
    ),
    **whole,
    training_macs=integers | st.none(),
)
rooflines = structs(
    Roofline,
    batch_size=integers,
    **{f.name: maybe for f in fields(Roofline) if "None" in str(f.type)},
)
proofs = structs(Proof, metrics=st.lists(words, max_size=2).map(tuple), error=maybe)
findings = structs(
    Findings,
    proofs=st.lists(proofs, max_size=1).map(tuple),
    size=sizes | st.none(),
    training=trainings | st.none(),
    measurements=st.lists(measurements, max_size=2).map(tuple),
    rooflines=st.lists(rooflines, max_size=1).map(tuple),
    phases=st.lists(structs(Phase), max_size=1).map(tuple),
    versions=st.dictionaries(texts, texts, max_size=2),
    ledger=st.dictionaries(texts, texts, max_size=2),
)
records = structs(Record, schema=st.just(SCHEMA_VERSION), case=cases, findings=findings)


@given(record=records)
def test_a_record_is_what_was_stored(tmp_path_factory, record):
    store = RunStore(tmp_path_factory.mktemp("results"), "run")
    path = store.write(record)
    assert read_record(path) == record
    assert path.parent == store.folder / "records"


@given(held=st.lists(records, min_size=1, max_size=3))
def test_a_csv_says_every_column_of_every_record(held):
    columns = columns_of(held)
    found = pd.read_csv(io.StringIO(csv_text(held)), keep_default_na=False, dtype=str)
    assert list(found) == [column.name for column in columns]
    cells = {tuple(_cell(column, column.read(record)) for column in columns) for record in held}
    assert {tuple(map(_read, columns, row)) for row in found.itertuples(index=False)} == cells


def _cell(column, value):
    return None if value is None else (float(value) if column.type == "number" else value)


def _read(column, text):
    if text == "":
        return None
    return {"text": str, "integer": int, "number": float}[column.type](text)


@given(record=records)
def test_no_cell_is_more_than_a_line_or_no_number(record):
    for column in columns_of([record]):
        value = column.read(record)
        assert value != ""
        assert not isinstance(value, float) or math.isfinite(value)
        assert not isinstance(value, str) or value == readable_line(value)
        assert not isinstance(value, str) or "\n" not in value


@given(held=st.lists(records, min_size=1, max_size=3), chosen=st.text(max_size=30))
def test_any_choice_of_columns_is_one_or_a_usage_error(outcome, held, chosen):
    for option in ("columns", "sort", "group_by"):
        view = outcome(lambda: view_of(columns_of(held), **{option: chosen}))  # noqa: B023 - called at once
        if not isinstance(view, UsageError):
            csv_text(held, view)


@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_record_or_a_usage_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "record.json"
    path.write_bytes(content)
    with pytest.raises(UsageError):
        read_record(path)


@given(record=records, place=st.integers(0, 10**6), byte=st.integers(0, 255))
def test_a_record_with_another_byte_is_one_or_a_usage_error(
    tmp_path_factory, outcome, record, place, byte
):
    path = RunStore(tmp_path_factory.mktemp("results"), "run").write(replace(record, log_tail=""))
    content = bytearray(path.read_bytes())
    content[place % len(content)] = byte
    path.write_bytes(content)
    found = outcome(read_record, path)
    if isinstance(found, Record):
        csv_text([found])
