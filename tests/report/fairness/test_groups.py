from pathlib import Path

import pytest
from msgspec.structs import replace

from benchsuite.errors import UsageError
from benchsuite.report.columns.conditions import SETTING
from benchsuite.report.fairness.groups import differing, fair_groups, require_one

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "leaderboard.md"


def members(groups):
    return [[record.case.backend for record in group.records] for group in groups]


def test_setting_is_documented():
    text = DOCUMENT.read_text(encoding="utf-8").partition("\n## Separate tables\n")[2]

    assert ", ".join(f"`{column.name}`" for column in SETTING) in text


def test_rows_of_one_setting_are_one_group_whatever_their_network(make_record):
    rows = [make_record(backend="a"), make_record(backend="b", architecture="mlp", seed=3)]

    assert members(fair_groups(rows)) == [["a", "b"]]


@pytest.mark.parametrize(
    ("column", "changed"),
    [
        ("device", {"device": "cuda:0"}),
        ("device_name", {"device_name": "Another CPU"}),
        ("threads", {"threads": 1}),
        ("process_settings", {"process_settings": "stock"}),
        ("isolation", {"isolation": "fork"}),
        ("division", {"division": "idiomatic"}),
        ("tier", {"tier": "compiled"}),
        ("precision", {"precision": "bf16"}),
        ("protocol", {"protocol": "full-1"}),
        ("dataset", {"dataset": "mnist"}),
        ("limit", {"limit": 100}),
        ("bad_images", {"bad_images": "skip"}),
        ("data", {"digests": {"data": "e" * 64}}),
    ],
)
def test_other_settings_part_rows_and_are_named(make_record, column, changed):
    groups = fair_groups([make_record(backend="a"), make_record(backend="b", **changed)])

    assert members(groups) == [["a"], ["b"]]
    assert differing(groups) == [column]


def test_other_training_input_parts_rows_also_where_the_data_is_not_known(make_record):
    failed = {"status": "failed", "training": None}
    rows = [
        make_record(backend="a"),
        make_record(backend="b", train_input_shape=(64, 64, 1), **failed),
    ]

    assert differing(fair_groups(rows)) == ["training input", "data"]


def test_other_augmentation_parts_rows(make_record):
    row = make_record(backend="b")
    recipe = replace(row.case.recipe, augmentation=("flip",))
    groups = fair_groups([make_record(backend="a"), make_record(backend="b", recipe=recipe)])

    assert differing(groups) == ["augmentation"]


def test_failed_row_joins_the_group_that_it_agrees_with_in_its_own_place(make_record):
    failed = {"status": "failed", "device_name": "", "training": None, "size": None}
    rows = [
        make_record(backend="a", **failed),
        make_record(backend="b", tier="compiled"),
        make_record(backend="c"),
        make_record(backend="d", tier="compiled", **failed),
        make_record(backend="e", tier="user_api", **failed),
    ]

    groups = fair_groups(rows)

    assert members(groups) == [["a", "c"], ["b", "d"], ["e"]]
    assert groups[0].setting["device_name"] == "Test CPU"


def test_several_groups_are_refused_with_what_they_differ_in(make_record):
    rows = [
        make_record(),
        make_record(tier="compiled", digests={"data": "e" * 64}),
        make_record(limit=5),
    ]

    require_one(fair_groups(rows[:1]))
    require_one([])
    message = (
        r"differ in tier \(native, compiled\); limit \(none, 5\); "
        r"data \(dddddddd, eeeeeeee\): choose some of them with --where"
    )
    with pytest.raises(UsageError, match=message):
        require_one(fair_groups(rows))
