"""`benchsuite doctor`: what it says. Whether it is right is tested with orchestration."""

from pathlib import Path

PLUGIN = ("-p", "benchsuite.reference.plugin")
MODEST = ("-p", str(Path(__file__).parents[1] / "modest.py"))
PLAIN = """
from benchsuite import Target, hookimpl
from benchsuite.testing import NumpyBackend

class Plain(NumpyBackend):
    name = "plain"
    multiply = None

@hookimpl
def benchsuite_backends():
    return {"plain": Target("plain_plugin:Plain", "NumPy without its product")}
"""


def test_doctor_reports_points_and_what_would_help(benchsuite, tmp_path):
    found = benchsuite(
        *PLUGIN,
        *("doctor", "--archs", "mlp", "--backends", "numpy", "--protocol", "smoke"),
        *("--epochs", "1", "--limit", "200", "--results", tmp_path / "results"),
    )

    assert found.exit_code == 0, found.stderr
    lines = found.stdout.splitlines()
    assert lines[0].startswith("mlp.numpy.cpu.fp32.0.")
    assert lines[1].strip().startswith("fewer than six rounds")
    assert "of 100 points" in lines[2]
    assert (tmp_path / "results" / "doctor.json").exists()


def test_doctor_looks_for_ceilings_alone(benchsuite, tmp_path):
    (tmp_path / "plain_plugin.py").write_text(PLAIN)

    found = benchsuite(
        *(*MODEST, "-p", "plain_plugin.py"),
        *("doctor", "--ceilings", "--backends", "modest,plain"),
        *("--threads", "1", "--protocol", "smoke", "--results", tmp_path / "results"),
    )

    assert found.exit_code == 0, found.stderr
    header, row, reason = found.stdout.splitlines()
    assert header.split() == [
        *("backend", "device", "precision", "threads", "GFLOP/s", "size", "GB/s", "MiB", "copied")
    ]
    backend, device, precision, threads, gflops, size, gbytes, mib = row.split()
    assert (backend, device, precision, threads) == ("modest", "cpu", "fp32", "1")
    assert float(gflops) > 0
    assert float(gbytes) > 0
    assert int(size) >= 256
    assert int(mib) in (64, 128, 256, 512)
    assert reason == "plain in fp32: backend 'plain' has no ceilings: it multiplies nothing"
    assert "points" not in found.stdout
    assert not list((tmp_path / "results" / "runs" / "doctor" / "records").iterdir())
