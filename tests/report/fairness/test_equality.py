"""What a row says of its network's equality: only what a fitting certificate proves."""

import msgspec
import pytest

from benchsuite.records.certificate import Certificate, Check
from benchsuite.report.fairness.equality import with_equality


@pytest.fixture
def certificate(record):
    return Certificate(
        benchsuite_version="0",
        architecture=record.case.architecture,
        fingerprint="f" * 64,
        inputs=(),
        backend=record.case.backend,
        versions=record.findings.versions,
        device="cpu",
        device_name="",
        precision="fp64",
        verdict="exact",
        created="",
        seconds=1.0,
        checks=(
            Check(quantity="logits", tensors=1, error=3.14e-7, tolerance=1e-5, worst="3 images"),
        ),
    )


@pytest.fixture
def record(make_record):
    found = make_record()
    size = msgspec.structs.replace(found.findings.size, architecture_fingerprint="f" * 64)
    findings = msgspec.structs.replace(found.findings, size=size, versions={"torch": "1"})
    return msgspec.structs.replace(found, findings=findings)


def equality(record, certificate, **changes):
    changed = msgspec.structs.replace(certificate, **changes)
    return with_equality([record], [changed])[0].equality


def test_exact_in_float64_is_exact(record, certificate):
    assert equality(record, certificate) == "exact"


def test_row_without_certificate_is_unproven(record):
    assert with_equality([record], [])[0].equality == "unproven"


@pytest.mark.parametrize(
    "changes",
    [
        {"fingerprint": "0" * 64},
        {"fingerprint": ""},
        {"backend": "another"},
        {"versions": {"torch": "2"}},
        {"verdict": "degenerate"},
        {"verdict": "failed"},
    ],
    ids=str,
)
def test_certificate_of_something_else_proves_nothing(record, certificate, changes):
    assert equality(record, certificate, **changes) == "unproven"


def test_error_of_the_rows_own_precision_is_told(record, certificate):
    own = {"precision": "fp32", "verdict": "within tolerance"}
    assert equality(record, certificate, **own) == "3.1e-07"
    assert equality(record, certificate, **own, device="cuda:0") == "unproven"


def test_difference_is_told(record, certificate):
    said = equality(record, certificate, verdict="differs", reason="loss by 1")
    assert said == "differs: loss by 1"
