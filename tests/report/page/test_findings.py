import msgspec

from benchsuite.records.certificate import Check
from benchsuite.report.page.findings import certificates, failures, ledger
from benchsuite.report.page.table import PageCell


def test_certificates_show_errors_and_what_exceeds_its_tolerance(make_certificate):
    check = Check(quantity="loss", tensors=1, error=1.0, tolerance=1e-9, worst="x")
    bad = make_certificate(verdict="differs", reason="loss by 1", checks=(check,))
    table = certificates([make_certificate(), bad])

    names = [heading.name for heading in table.headings]
    good, differs = (dict(zip(names, row.cells, strict=True)) for row in table.rows)
    assert good["verdict"] == PageCell("exact", look="best")
    assert good["logits"] == PageCell("3.0e-14", 3e-14, "at most 1.0e-10")
    assert good["loss"] == ""
    assert differs["loss"].look == differs["verdict"].look == "bad"
    assert differs["reason"] == "loss by 1"


def test_failures_have_their_reasons_and_lead_to_their_pages(make_source, make_record):
    failed = make_record(backend="b", status="oom", reason="out of\nmemory", training=None)
    source = make_source([make_record(), failed])
    (row,) = failures(source.entries).rows

    assert row.key in {entry.key for entry in source.entries}
    assert row.cells[1:4] == ["b", PageCell("oom", look="bad"), "out of memory"]


def test_ledger_says_what_backends_have_otherwise(make_record):
    def record(backend, ledger):
        made = make_record(backend=backend)
        findings = msgspec.structs.replace(made.findings, ledger=ledger)
        return msgspec.structs.replace(made, findings=findings)

    records = [
        record("a", {"time.layout": "NCHW", "time.threads": "2"}),
        record("b", {"time.layout": "NHWC", "time.threads": "2", "time.xla": "off"}),
        record("b", {"time.threads": "2", "time.xla": "on"}),
    ]
    lines = {line.setting: line for line in ledger(records, ["a", "b"])}

    assert lines["time.layout"].values == ["NCHW", "NHWC"]
    assert lines["time.xla"].values == ["", "off, on"]
    assert [line.alike for line in lines.values()] == ["differs", "same", "differs"]
    assert ledger(records[:1], ["a", "b"])[0].alike == "not in all"
