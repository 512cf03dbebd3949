from pathlib import Path

import pytest

from benchsuite.errors import UsageError
from benchsuite.report.comparison.metrics import metric_named
from benchsuite.report.comparison.rows import identities, read_side
from benchsuite.report.leaderboard.rows import write_csv


def test_side_is_a_folder_a_record_or_the_name_of_a_run(make_row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    row = make_row(run="first")
    make_row(run="second")

    assert len(read_side(Path("results"))) == 2
    for place in ("results/runs/first", "first", row.stored.path):
        assert [found.record for found in read_side(Path(place))] == [row.record]


@pytest.mark.parametrize("name", ["latency", "throughput", "import_s", "latency_batch1_p90_s"])
def test_csv_gives_figures_as_the_records_do(make_row, tmp_path, name):
    samples = {"import": (1.0,) * 6, "latency_p90": tuple(range(1, 7))}
    row = make_row(samples=samples)
    write_csv([row.record], tmp_path / "board.csv")
    (found,) = read_side(tmp_path / "board.csv")
    column = metric_named(name)

    expected, measured = row.measured(column), found.measured(column)
    assert measured.metric == expected.metric
    assert (measured.value, measured.low, measured.high) == (
        expected.value,
        expected.low,
        expected.high,
    )


def test_csv_says_what_is_wrong_with_which_figure(make_row, tmp_path):
    row = make_row()
    write_csv([row.record], tmp_path / "board.csv")
    text = (tmp_path / "board.csv").read_text()
    header = text.splitlines()[0].split(",")
    cells = text.splitlines()[1].split(",")
    cells[header.index("flags")] = (
        '"latency: noisy, drift; latency_p99: wide; inference_throughput: bimodal"'
    )
    cells[header.index("best_inference_throughput_images_per_s")] = "1000.0"
    (tmp_path / "board.csv").write_text(f"{text.splitlines()[0]}\n{','.join(cells)}\n")

    (found,) = read_side(tmp_path / "board.csv")

    assert found.measured(metric_named("latency")).flags == ("noisy", "drift")
    for name in ("throughput", "best_inference_throughput_images_per_s"):
        assert found.measured(metric_named(name)).flags == ("bimodal",)
    assert found.measured(metric_named("training")).flags == ()


def test_records_and_csv_are_known_by_the_same_columns(make_row, tmp_path):
    rows = [make_row(seed=seed) for seed in (0, 1)]
    write_csv([row.record for row in rows], tmp_path / "board.csv")

    own, other = identities((rows, read_side(tmp_path / "board.csv")))

    assert own == other
    assert own[0] != own[1]


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "schema,seed\nx,y\n"])
def test_other_csv_is_refused(tmp_path, content):
    (tmp_path / "other.csv").write_text(content)

    with pytest.raises(UsageError, match="is not a leaderboard's CSV"):
        read_side(tmp_path / "other.csv")


def test_empty_folder_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no records in"):
        read_side(tmp_path)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999"])
def test_csv_has_no_number_that_is_none(tmp_path, number):
    header = "architecture,backend,status,protocol,test_top1_fraction"
    (tmp_path / "board.csv").write_text(f"{header}\na,b,ok,tour-2,{number},more\n")
    (found,) = read_side(tmp_path / "board.csv")
    assert found.cell("test_top1_fraction") is None
    assert found.cell("architecture") == "a"


def test_csv_says_names_in_a_line(tmp_path):
    header = "architecture,backend,status,protocol"
    (tmp_path / "board.csv").write_text(f'{header}\n"a\x1b[31m\nb",b,ok,tour-2\n')
    (found,) = read_side(tmp_path / "board.csv")
    assert found.cell("architecture") == r"a\u001b[31m\u000ab"
