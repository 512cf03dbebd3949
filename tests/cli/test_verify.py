"""`benchsuite verify`: certificates, exit codes, and what the leaderboard makes of them."""

import csv
import io
import json

PLUGIN = ("-p", "benchsuite.reference.plugin")


def test_verify_writes_certificates_that_the_leaderboard_reads(benchsuite, tmp_path):
    results = str(tmp_path / "results")
    asked = ("--archs", "mlp", "--backends", "numpy")
    ran = benchsuite(
        *PLUGIN, "run", *asked, "--protocol", "smoke", "--epochs", "1", "--results", results
    )
    assert ran.exit_code == 0, ran.stderr

    def equality():
        text = benchsuite(*PLUGIN, "leaderboard", results, "--csv", "-").stdout
        return [row["equality"] for row in csv.DictReader(io.StringIO(text))]

    assert equality() == ["unproven"]
    verified = benchsuite(*PLUGIN, "verify", *asked, "--results", results)
    assert verified.exit_code == 0, verified.stderr
    assert "[2/2] mlp: numpy …" in verified.stderr
    assert verified.stdout.splitlines()[1].split()[:4] == ["update_rules", "numpy", "fp64", "exact"]
    certificate = tmp_path / "results/certificates/mlp/numpy.cpu.fp64.json"
    assert json.loads(certificate.read_text())["verdict"] == "exact"
    assert equality() == ["exact"]


def test_verify_ends_with_one_where_something_is_not_proven(benchsuite, tmp_path):
    plugin = tmp_path / "wrong.py"
    plugin.write_text(
        """
from benchsuite import Target, hookimpl
from benchsuite.testing import NumpyBackend, NumpySession

class Session(NumpySession):
    def predict(self, images):
        return super().predict(images) + 1e-3

class Wrong(NumpyBackend):
    name = "wrong"
    session_class = Session

@hookimpl
def benchsuite_backends():
    return {"wrong": Target(f"{__name__}:Wrong", "adds a thousandth")}
"""
    )
    asked = ("--archs", "mlp", "--backends", "wrong", "--precision", "fp64")
    result = benchsuite("-p", str(plugin), "verify", *asked, "--results", str(tmp_path / "r"))
    assert result.exit_code == 1
    assert "fp64: differs: logits by" in result.stderr


def test_verify_refuses_what_is_not_there(benchsuite):
    assert benchsuite("verify", "--archs", "resnet99").exit_code == 2
    assert benchsuite("verify", "--backends", "caffe").exit_code == 2
    assert benchsuite("verify", "--precision", "fp12").exit_code == 2
