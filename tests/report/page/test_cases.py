import msgspec
import pytest

from benchsuite.report.page.cases import blocks_of, case_pages


@pytest.fixture
def blocks(make_source):
    """A function that gives the blocks of a record's page, by title."""

    def make(record, *more):
        source = make_source([record], *more)
        return {block.title: block for block in blocks_of(source.entries[0], source.certificates)}

    return make


def test_page_of_a_case_shows_all_that_is_known(blocks, make_record, make_series):
    found = blocks(make_record(), [make_series()])

    assert list(found) == [
        *("Outcome", "Figures", "Raw samples", "Processes", "Training", "Epochs", "Digests"),
        *("Network", "Recipe", "Case", "Versions"),
    ]
    assert ("status", "ok") in found["Outcome"].facts
    assert ("parameters", "61,706") in found["Network"].facts
    assert ("input shape", "28×28×1") in found["Case"].facts
    assert ("optimizer", "sgd") in found["Recipe"].facts


def test_failed_case_has_its_log_and_no_figures(blocks, make_record):
    record = make_record(status="failed", reason="no luck", training=None, size=None)
    found = blocks(msgspec.structs.replace(record, log_tail="Traceback"))

    assert found["Last lines of the log"].text == "Traceback"
    assert ("reason", "no luck") in found["Outcome"].facts
    assert not {"Figures", "Training", "Network", "Raw samples"} & set(found)


def test_figures_are_in_units_for_people_and_blank_where_there_is_none(blocks, make_record):
    table = blocks(make_record())["Figures"].table
    names = [heading.name for heading in table.headings]
    rows = {row.cells[0]: dict(zip(names, row.cells, strict=True)) for row in table.rows}

    assert (rows["latency"]["unit"], rows["latency"]["value"]) == ("ms", 2.0)
    assert rows["latency"]["low"] == ""
    assert rows["host memory peak"]["value"] == 500


def test_raw_samples_say_how_many_of_how_many(blocks, make_record, make_series):
    samples = range(1_000_000, 1_005_000)
    plot = blocks(make_record(), [make_series(samples=samples)])["Raw samples"].plot

    assert [view.name for view in plot.views] == ["latency, batch 1 (2,000 of 5,000 samples)"]
    assert plot.views[0].data[0]["y"][0] == 1.0


def test_processes_are_summed_up_from_all_samples(blocks, make_record, make_series):
    series = make_series(samples=[1_000_000] * 98 + [9_000_000] * 2, flags=("not_steady",))
    table = blocks(make_record(), [series])["Processes"].table
    names = [heading.name for heading in table.headings]
    row = dict(zip(names, table.rows[0].cells, strict=True))

    assert (row["median, ms"], row["p99, ms"], row["most, ms"]) == (1, 9, 9)
    assert (row["others' CPU, %"], row["flags"]) == ("", "not steady")


def test_certificates_of_a_case_are_those_of_its_network_and_backend(
    blocks, make_record, make_certificate
):
    record = make_record()
    size = msgspec.structs.replace(record.findings.size, architecture_fingerprint="f" * 64)
    findings = msgspec.structs.replace(record.findings, size=size)
    record = msgspec.structs.replace(record, findings=findings)
    known = [make_certificate(), make_certificate(backend="other")]

    table = blocks(record, (), known)["Certificates"].table
    assert [row.cells[1] for row in table.rows] == ["torch"]


def test_what_cases_share_is_stored_once(make_source, make_record, decode):
    source = make_source([make_record(seed=0), make_record(seed=1)])
    pages = decode(case_pages(source))

    (one, other) = (set(places) for _, places in pages["cases"].values())
    shared = {pages["blocks"][place]["title"] for place in one & other}
    assert {"Recipe", "Versions", "Network", "Digests"} <= shared
    assert "Case" not in shared
