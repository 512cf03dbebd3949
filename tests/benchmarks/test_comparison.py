"""A comparison of 10,000 records, as the command makes it: it is to take less than 3 s.

    pytest tests/benchmarks/test_comparison.py --benchmark-only

Records are as large as those of the protocol `full`, 20 to 30 kB each.
"""

import subprocess
import sys

import msgspec
import pytest
from msgspec.structs import replace

PAIRS = 5000
#: Nine processes of every figure that a record of `full` may have.
METRICS = (
    *("latency", "latency_p90", "latency_p99", "latency_host", "latency_host_p90"),
    *("inference_throughput", "training_throughput", "training_forward", "training_backward"),
    *("training_update", "first_call", "first_training_step", "import", "build", "anchor"),
)
PROCESSES = tuple(0.001 + n * 1e-5 for n in range(9))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("results")


@pytest.fixture
def stored(folder, make_record):
    """Runs `a` and `b`: as many cases each, half of them on either of two backends."""
    if any(folder.iterdir()):
        return folder
    record = make_record(protocol="full-1", samples=dict.fromkeys(METRICS, PROCESSES))
    training = replace(record.findings.training, step_losses=(1.234567,) * 500)
    findings = replace(record.findings, training=training)
    for run in ("a", "b"):
        place = folder / run / "records"
        place.mkdir(parents=True)
        for number in range(PAIRS):
            backend = ("torch", "keras-jax")[number % 2]
            case = replace(record.case, architecture=f"net_{number // 2}", backend=backend)
            one = replace(record, run=run, case=case, findings=findings)
            text = msgspec.json.format(msgspec.json.encode(one), indent=1)
            (place / f"{case.id}.json").write_bytes(text)
    return folder


@pytest.mark.parametrize("arguments", [("a", "b"), (".", "--by", "backend")])
def test_comparison_of_ten_thousand_records(benchmark, stored, arguments):
    command = [sys.executable, "-c", "from benchsuite.cli import main; main()", "compare"]

    def compare():
        return subprocess.run(
            [*command, *arguments], cwd=stored, capture_output=True, text=True, check=True
        )

    done = benchmark.pedantic(compare, rounds=3)
    assert done.stdout.splitlines()[-1].startswith("20000 comparisons: ")
