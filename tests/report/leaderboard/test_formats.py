import io
import sys

import msgspec
import pandas as pd
import pytest
from msgspec.structs import replace

from benchsuite.errors import MissingDependencyError
from benchsuite.report import leaderboard_frame
from benchsuite.report.leaderboard.formats import FORMATS
from benchsuite.report.leaderboard.rows import columns_of, csv_text
from benchsuite.report.leaderboard.view import view_of


@pytest.fixture
def records(make_record):
    return [
        make_record(),
        make_record(backend="keras-jax", samples={"latency": (0.1 + 0.2,)}),
        make_record(architecture="mlp", status="failed", reason="no | luck\n<b>_*", training=None),
    ]


def written(form, records, *, wide=False, **asked):
    content = FORMATS[form](records, view_of(columns_of(records), **asked), wide=wide)
    return content if form == "parquet" else content.decode()


def test_csv_is_the_leaderboards(records):
    assert written("csv", records) == csv_text(records)
    assert written("csv", records, columns="backend,seed", sort="-backend").splitlines() == [
        *("backend,seed", "torch,0", "torch,0", "keras-jax,0"),
    ]


def test_json_is_a_list_of_rows_with_every_digit_and_nulls(records):
    rows = msgspec.json.decode(written("json", records))

    assert [list(row) for row in rows] == [[c.name for c in columns_of(records)]] * 3
    assert [row["latency_batch1_p50_s"] for row in rows] == [0.1 + 0.2, 0.002, None]
    assert [row["status"] for row in rows] == ["ok", "ok", "failed"]


def test_json_of_no_records_is_an_empty_list():
    assert msgspec.json.decode(written("json", [])) == []


def test_parquet_is_read_back_with_its_types(records):
    pytest.importorskip("pyarrow")

    table = pd.read_parquet(io.BytesIO(written("parquet", records)))

    assert list(table.columns) == list(leaderboard_frame(records).columns)
    assert table["train_steps"].dtype == "Int64"
    assert table["train_steps"].isna().tolist() == [False, False, True]
    assert table["latency_batch1_p50_s"].tolist()[:2] == [0.1 + 0.2, 0.002]


def test_parquet_without_pyarrow_says_what_to_install(records, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(MissingDependencyError, match=r"pip install 'benchsuite\[parquet\]'"):
        written("parquet", records)


def test_markdown_shows_the_terminals_figures_with_units_and_escapes_text(records):
    lines = written("markdown", records).splitlines()

    tables = [[cell.strip() for cell in line.split(" | ")] for line in lines if line[:1] == "|"]
    header, _, *rows = tables
    assert [cell.strip("| ") for cell in header][:4] == [
        *("architecture", "backend", "test top-1 fraction", "latency ms"),
    ]
    assert len(rows) == 3
    assert rows[2][-1].rstrip(" |") == r"failed: no \| luck \<b\>\_\*"
    assert [cell.strip("| ") for cell in rows[0]][2:4] == [r"0.925\*", "300"]
    assert "tour: one process" in lines[0]


def test_markdown_keeps_zeros_that_are_digits(make_record):
    assert " 0.900 " in written("markdown", [make_record(test={"top1_fraction": 0.9})])


def test_latex_escapes_text_and_names_its_tables(make_record, records):
    named = replace(records[0], findings=replace(records[0].findings, device_name="100%_{fast}~"))

    text = written("latex", [*records, named, make_record(tier="a&b")])

    assert text.count(r"\begin{tabular}{ll") == text.count(r"\toprule") == 3
    assert r"failed: no \textbar{} luck \textless{}b\textgreater{}\_*" in text
    assert r"device name 100\%\_\{fast\}\textasciitilde{}" in text
    assert r"tier a\&b" in text
    assert r"\par\noindent $\diamond$ in its table" in text


def test_documents_have_a_table_for_each_setting_and_ranks_where_sorted(make_record):
    records = [make_record(), make_record(precision="bf16", backend="x", seed=1)]

    text = written("markdown", records, sort="top1")

    assert "**table 2 of 2: precision fp32**" in text
    assert text.count("rank by test top-1") == 2
    assert written("markdown", records, wide=True).count("energy") == 0
    assert "first call s" in written("markdown", records, wide=True)


def test_documents_have_the_columns_chosen(records):
    text = written("markdown", records, columns="seed,backend,top1,reason")

    header = next(line for line in text.splitlines() if line[:1] == "|")
    assert [cell.strip() for cell in header.strip("|").split("|")] == [
        *("seed", "backend", "test top-1 fraction", "reason"),
    ]


def test_table_in_a_file_is_plain_and_not_wrapped(records, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")

    text = written("table", records)

    assert "\x1b" not in text
    assert "tour: one process, a few seconds per figure; indicative, no verdicts (tour-2)" in text


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "parquet"])
def test_no_rows_are_no_error(form):
    assert isinstance(written(form, []), str)
