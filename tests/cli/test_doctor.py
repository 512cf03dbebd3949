"""`benchsuite doctor`: what it says; that it is right is `tests/run/test_doctor.py`'s matter."""

PLUGIN = ("-p", "benchsuite.testing.numpy_plugin")


def test_doctor_reports_points_and_what_would_help(benchsuite, tmp_path):
    found = benchsuite(
        *PLUGIN,
        *("doctor", "--archs", "mlp", "--backends", "numpy", "--protocol", "smoke"),
        *("--epochs", "1", "--results", tmp_path / "results"),
    )

    assert found.exit_code == 0, found.stderr
    lines = found.stdout.splitlines()
    assert lines[0].startswith("mlp.numpy.cpu.fp32.0.")
    assert lines[1].strip().startswith("fewer than six rounds")
    assert "of 100 points" in lines[2]
    assert (tmp_path / "results" / "doctor.json").exists()
