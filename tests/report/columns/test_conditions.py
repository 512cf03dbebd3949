import pytest
from msgspec.structs import replace

from benchsuite.records import Role, fields_with
from benchsuite.records.case import ROLES
from benchsuite.report.columns.columns import COLUMNS
from benchsuite.report.columns.conditions import (
    CASE_COLUMNS,
    CONDITIONS,
    FOUND_OUT,
    SETTING,
    WITHIN_SETTING,
    telling_apart,
)

NAMES = [column.name for column in CONDITIONS]


def test_every_field_of_a_case_that_has_a_column_is_a_condition():
    shown = {column.field for column in COLUMNS if column.field}

    assert {column.field for column in CONDITIONS} - {""} == shown - {"architecture", "backend"}
    assert set(ROLES) - shown == {"inference_batch_size", "training_batch_size"}


def test_rows_of_one_ranking_agree_in_all_axes_but_the_backend():
    setting = {column.field for column in SETTING}

    assert set(fields_with(Role.AXIS)) - setting == {"backend"}
    assert set(fields_with(Role.SETTING)) <= setting
    assert {"device_name", "data"} == FOUND_OUT


def test_a_ranking_may_hold_any_network_recipe_and_repeat():
    assert [column.name for column in WITHIN_SETTING] == [
        *("run", "seed", "fold", "origin", "input", "num_classes"),
        *("optimizer", "learning_rate", "train_batch_size", "schedule"),
    ]


def test_images_have_one_condition_each_and_all_their_columns_in_a_csv():
    assert NAMES.count("input") == NAMES.count("training input") == 1
    assert {"input_height_px", "train_input_channels", "learning_rate"} <= set(CASE_COLUMNS)
    assert "protocol" not in CASE_COLUMNS


def test_networks_differ_where_one_architecture_has_several(make_record):
    one = make_record()
    other = make_record(architecture="mlp", input_shape=(8, 8, 1), num_classes=7)
    larger = make_record(input_shape=(56, 56, 1))

    assert telling_apart([one, other], CONDITIONS) == []
    assert [c.name for c in telling_apart([one, other, larger], CONDITIONS)] == ["input"]


@pytest.mark.parametrize("known", [True, False])
def test_row_that_ended_early_differs_in_nothing_that_it_never_found_out(make_record, known):
    ended = make_record(device_name="Another CPU" if known else "", training=None)
    apart = [column.name for column in telling_apart([make_record(), ended], SETTING)]

    assert apart == (["device_name"] if known else [])


def test_recipes_tell_rows_of_one_architecture_apart(make_record):
    record = make_record()
    recipe = replace(record.case.recipe, lr=0.5)

    apart = telling_apart([record, make_record(recipe=recipe)], CONDITIONS)
    assert [column.name for column in apart] == ["learning_rate"]
