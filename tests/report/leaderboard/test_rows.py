import io
from pathlib import Path

import pandas as pd
import pytest

from benchsuite.errors import UsageError
from benchsuite.records import RunStore, read_record, read_records
from benchsuite.report import leaderboard_frame, write_csv
from benchsuite.report.leaderboard.rows import columns_of, csv_text, in_order
from benchsuite.report.leaderboard.view import view_of

NAMES = [column.name for column in columns_of([])]


@pytest.fixture
def records(make_record):
    return [
        make_record(backend="torch", architecture="resnet18"),
        make_record(backend="torch"),
        make_record(backend="keras-jax", status="failed", reason="no, really", training=None),
    ]


def test_frame_has_the_documented_columns_and_a_row_for_every_record(records):
    frame = leaderboard_frame(records)

    assert list(frame.columns) == NAMES
    assert frame["status"].tolist() == ["failed", "ok", "ok"]


def test_frame_keeps_integers_whole_beside_missing_ones(records):
    steps = leaderboard_frame(records)["train_steps"]

    assert steps.dtype == "Int64"
    assert steps.isna().tolist() == [True, False, False]
    assert steps.tolist()[1:] == [3, 3]
    assert ",3.0," not in csv_text(records)


def test_csv_is_read_by_pandas_without_hints(records, tmp_path):
    path = tmp_path / "leaderboard.csv"
    write_csv(records, path)

    table = pd.read_csv(path)

    assert list(table.columns) == NAMES
    assert table["backend"].tolist() == ["keras-jax", "torch", "torch"]
    assert table["reason"].tolist()[0] == "no, really"
    assert table["parameters"].tolist() == [61_706] * 3
    assert table["latency_batch1_p50_s"].isna().tolist() == [True, False, False]
    assert table["latency_batch1_p50_s"].tolist()[1:] == [0.002, 0.002]
    assert table["test_top1_fraction"].dtype == float


def test_csv_is_the_same_from_memory_and_from_the_store(records, tmp_path):
    store = RunStore(tmp_path, "run-1")
    for record in records:
        store.write(record)

    assert csv_text(list(read_records([tmp_path]))) == csv_text(records)


def test_csv_is_the_same_in_whatever_order_the_records_come(records):
    assert csv_text(records) == csv_text(records[::-1])


def test_csv_of_no_records_is_a_header():
    assert csv_text([]).splitlines() == [",".join(NAMES)]


def test_csv_keeps_every_digit_of_a_number(make_record):
    value = 0.1 + 0.2
    table = pd.read_csv(io.StringIO(csv_text([make_record(samples={"latency": (value,)})])))

    assert table["latency_batch1_p50_s"].tolist() == [value]


def test_further_metrics_come_last_and_in_order_of_name(make_record):
    records = [
        make_record(test={"recall_fraction": 0.5}),
        make_record(backend="keras-jax", test={"brier": 0.125}),
    ]

    frame = leaderboard_frame(records)

    assert list(frame.columns) == [*NAMES, "test_brier", "test_recall_fraction"]
    assert frame["test_brier"].isna().tolist() == [False, True]
    assert frame["test_brier"].tolist()[0] == 0.125
    assert len(columns_of(records)) == len(NAMES) + 2


def test_rows_that_compare_stand_side_by_side(make_record):
    records = [
        make_record(backend=backend, seed=seed, architecture=architecture)
        for backend in ("torch", "keras-jax")
        for seed in (1, 0)
        for architecture in ("resnet18", "lenet5")
    ]

    found = [(r.case.architecture, r.case.seed, r.case.backend) for r in in_order(records)]

    assert found == sorted(found)


def test_write_csv_replaces_the_file_as_a_whole(records, tmp_path):
    path = tmp_path / "leaderboard.csv"
    path.write_text("old")
    write_csv(records, path)

    assert path.read_text() == csv_text(records)
    assert [p.name for p in tmp_path.iterdir()] == ["leaderboard.csv"]


def test_write_csv_refuses_a_file_that_cannot_be_written(records, tmp_path):
    with pytest.raises(UsageError, match="cannot be written"):
        write_csv(records, tmp_path / "nowhere" / "leaderboard.csv")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        write_csv(records, tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


RECORDS = Path(__file__).parents[2] / "records"


def test_csv_is_a_union_of_whatever_rows_are_mixed(make_record):
    """Of all versions of records, failed ones, and some with a metric of a plugin."""
    records = [
        read_record(RECORDS / "version1.json"),
        read_record(RECORDS / "version2.json"),
        make_record(run="plugin", test={"brier": 0.125}),
        make_record(
            run="early", status="oom", reason='9 GiB, "too"\nmuch', size=None, training=None
        ),
        make_record(run="timed out", status="timeout", reason="after 600 s", device_name=""),
    ]

    table = pd.read_csv(io.StringIO(csv_text(records))).set_index("run")

    assert list(table.columns) == [*(name for name in NAMES if name != "run"), "test_brier"]
    assert len(table) == 5
    assert table["test_brier"].dropna().to_dict() == {"plugin": 0.125}
    assert table.loc["early", "reason"] == '9 GiB, "too" much'
    assert table.loc["early", ["status", "architecture"]].tolist() == ["oom", "lenet5"]
    assert table.loc["early"].isna()[["parameters", "latency_batch1_p50_s", "data_digest"]].all()
    assert set(table["schema"]) == {4}
    assert table["data_digest"].dropna().map(len).unique().tolist() == [64]
    columns = {column.name: column for column in columns_of(records)}
    numbers = [name for name, column in columns.items() if column.type != "text" and name in table]
    assert all(table[name].dtype.kind in "iuf" for name in numbers)


def test_frame_has_the_columns_chosen_in_the_order_sorted(records):
    view = view_of(columns_of(records), columns="arch,status", sort="-arch")

    frame = leaderboard_frame(records, view)

    assert frame.to_dict("list") == {
        "architecture": ["resnet18", "lenet5", "lenet5"],
        "status": ["ok", "failed", "ok"],
    }


def test_columns_of_a_part_are_all_columns_with_the_fronts_of_that_part(make_record):
    slow, fast, metric = (
        make_record(backend="slow", samples={"latency": (2.0,)}, test={"top1_fraction": 0.5}),
        make_record(backend="fast", samples={"latency": (1.0,)}),
        make_record(backend="x", test={"brier": 0.5, "top1_fraction": 0.1}, samples={}),
    )

    *_, pareto, brier = columns_of([slow, fast, metric], [slow])

    assert [pareto.name, brier.name] == ["pareto", "test_brier"]
    assert pareto.read(fast) is None


def test_a_csv_file_has_neither_the_home_folder_nor_a_password(make_record, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/alice")
    reason = "/home/alice/x.py: https://alice:secret@host is gone"
    record = make_record(status="failed", reason=reason)

    write_csv([record], tmp_path / "board.csv")

    assert "~/x.py: https://host is gone" in (tmp_path / "board.csv").read_text()
