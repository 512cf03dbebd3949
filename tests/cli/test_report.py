import pytest

from benchsuite.records import RunStore


@pytest.fixture
def stored(tmp_path, make_record):
    """A run in `results`."""
    store = RunStore(tmp_path / "results", "run-1")
    store.write(make_record())
    store.write_run({"run": "run-1"})
    return store.folder


def test_report_writes_a_page(benchsuite, stored, tmp_path):
    result = benchsuite("report", stored, "--html", "out.html")

    assert (result.exit_code, result.stdout) == (0, "written: out.html\n")
    assert "<h1>benchsuite: run-1</h1>" in (tmp_path / "out.html").read_text()


def test_report_takes_results_by_default(benchsuite, stored):
    assert benchsuite("report", "--html", "out.html").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nothing to write"),
        (("nowhere", "--html", "out.html"), "no results at 'nowhere'"),
        (("--html", "no/out.html"), "'no/out.html' cannot be written"),
    ],
)
def test_report_refuses_in_one_line(benchsuite, stored, arguments, said):
    result = benchsuite("report", *arguments)

    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_report_writes_images_into_a_folder(benchsuite, stored, monkeypatch):
    calls = []
    monkeypatch.setattr(
        "benchsuite.report.page.images.write_images",
        lambda source, folder, kind: calls.append((str(folder), kind)) or ["x", "y"],
    )
    result = benchsuite("report", "--png", "pngs", "--svg", "svgs")

    assert calls == [("pngs", "png"), ("svgs", "svg")]
    assert result.stdout == "written: 2 plots in pngs\nwritten: 2 plots in svgs\n"
