"""`benchsuite verify`: certificates, exit codes, and what the leaderboard makes of them."""

import csv
import io
import json
import re

import pytest

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

    (said,) = equality()
    assert re.fullmatch(
        r"within rounding: timed path \(\de-0\d\), evaluation \(\de-0\d\); unproven: network, .*",
        said,
    )
    verified = benchsuite(*PLUGIN, "verify", *asked, "--results", results)
    assert verified.exit_code == 0, verified.stderr
    assert "[2/2] mlp: numpy …" in verified.stderr
    assert verified.stdout.splitlines()[1].split()[:4] == [
        "update_rules",
        "numpy",
        "native",
        "fp64",
    ]
    certificate = tmp_path / "results/certificates/mlp/numpy.cpu.fp64.json"
    assert json.loads(certificate.read_text())["verdict"] == "exact"
    (said,) = equality()
    exact, rounded = said.split("; ")
    assert exact == "exact: network, gradients, training steps, adam"
    assert re.sub(r" \(\de-0\d\)", "", rounded) == (
        "within rounding: fp32 outputs, fp32 steps, timed path, evaluation"
    )
    listed = benchsuite(*PLUGIN, "list", "certificates", "--results", results).stdout
    assert listed.splitlines()[1].split()[:6] == [
        "mlp",
        "numpy",
        "cpu",
        "native",
        "fp32",
        "matched",
    ]
    assert "unknown code" not in listed


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
    assert "wrong, native, fp64: differs: logits by" in result.stderr


def test_verify_refuses_what_is_not_there(benchsuite):
    assert benchsuite("verify", "--archs", "resnet99").exit_code == 2
    assert benchsuite("verify", "--backends", "caffe").exit_code == 2
    assert benchsuite("verify", "--precisions", "fp12").exit_code == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--precisions", "fp12"), "precisions"),
        (("--precisions", "bf16"), "no backend has 'bf16' (--precisions): numpy has fp32, fp64"),
        (("--tiers", "native,compiled"), "no backend has 'compiled' (--tiers): numpy has native"),
        (("--device", "cuda"), "device 'cuda' is not there: numpy has cpu"),
    ],
)
def test_verify_refuses_in_a_line_what_no_backend_has(benchsuite, options, said):
    result = benchsuite(*PLUGIN, "verify", "--archs", "mlp", "--backends", "numpy", *options)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert said in line


def test_verify_takes_the_old_option_for_a_precision(benchsuite, tmp_path):
    asked = ("--archs", "mlp", "--backends", "numpy", "--precision", "fp64")
    result = benchsuite(*PLUGIN, "verify", *asked, "--results", str(tmp_path / "r"))
    assert result.exit_code == 0, result.stderr
    made = {path.name for path in (tmp_path / "r").glob("certificates/*/*.json")}
    assert made == {"numpy.cpu.fp64.json"}
