"""Where certificates lie, whatever they are called."""

import json

import pytest

from benchsuite.records.certificate import Certificate, read_certificates, write_certificate


def certificate(**fields):
    known = {
        "benchsuite_version": "0.1.0",
        "architecture": "lenet5",
        "fingerprint": "f" * 64,
        "inputs": ("28×28×1 → 10",),
        "backend": "torch",
        "versions": {"torch": "2.13.0"},
        "device": "cuda:0",
        "device_name": "GPU",
        "precision": "fp32",
        "verdict": "exact",
        "created": "2026-01-02T03:04:05+00:00",
        "seconds": 1.0,
    }
    return Certificate(**{**known, **fields})


def test_a_certificate_lies_under_the_names_that_it_is_of(tmp_path):
    path = write_certificate(tmp_path, certificate())
    assert path == tmp_path / "certificates" / "lenet5" / "torch.cuda0.fp32.json"


def test_other_tiers_and_divisions_have_files_of_their_own(tmp_path):
    other = certificate(tier="native+layout", division="idiomatic")
    path = write_certificate(tmp_path, other)
    assert path.name == "torch.cuda0.fp32.native+layout.idiomatic.json"
    write_certificate(tmp_path, certificate())
    assert len(list(read_certificates(tmp_path))) == 2


def test_a_certificate_of_the_first_version_is_of_unknown_code(tmp_path):
    path = write_certificate(tmp_path, certificate())
    of_then = json.loads(path.read_text())
    for field in ("source", "reference", "tier", "division", "rules"):
        del of_then[field]
    path.write_text(json.dumps({**of_then, "schema": 1}))
    (read,) = read_certificates(tmp_path)
    assert (read.source.short, read.tier, read.division) == ("unknown code", "native", "matched")


@pytest.mark.parametrize("field", ["architecture", "backend", "device", "precision", "tier"])
@pytest.mark.parametrize("name", ["../../up", "/etc", "..", "a\0b", "x" * 300])
def test_no_name_leaves_the_folder_of_certificates(tmp_path, field, name):
    results = tmp_path / "results"
    written = certificate(**{field: name})
    path = write_certificate(results, written)
    assert path.parent.parent == results / "certificates"
    assert list(read_certificates(results)) == [written]
    assert [x.name for x in tmp_path.iterdir()] == ["results"]


def test_names_that_are_alike_have_certificates_of_their_own(tmp_path):
    for name in ("a/b", "a-b", "a\\b"):
        write_certificate(tmp_path, certificate(architecture=name))
    assert len(list(read_certificates(tmp_path))) == 3
