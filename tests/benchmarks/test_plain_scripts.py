"""Training in `benchsuite run` beside plain scripts, each in a process of its own, in turns.

    pytest tests/benchmarks/test_plain_scripts.py --benchmark-only -s

The other benchmarks of loops run in one process under one allocator, so they cannot see what
differs between a worker of benchsuite and a user's own process. Needs a quiet machine.
"""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from benchsuite.processes.settings import RECORDED_VARIABLES
from benchsuite.records import read_stored

SCRIPTS = Path(__file__).parent / "scripts"
IMAGES, EPOCHS, THREADS = 20_000, 2, 2
#: Pairs of processes: the median's interval is then from the least to the largest, at 97 %.
PAIRS = 6
#: (backend, tier, script, how it is written).
SIDES = [
    ("torch", "native", "plain_torch.py", "contiguous"),
    ("torch", "native+layout", "plain_torch.py", "channels_last"),
    ("keras-tensorflow", "native", "plain_keras.py", "fit"),
]


@pytest.fixture(scope="module")
def data_file(tmp_path_factory):
    random, path = np.random.default_rng(0), tmp_path_factory.mktemp("data") / "random.npz"
    images = random.integers(0, 256, (IMAGES, 32, 32, 3), dtype=np.uint8)
    np.savez(path, x_train=images, y_train=np.arange(IMAGES) % 10)
    return path


def by_script(script, way, data):
    """Images per second of the last epoch, in the environment that a user has."""
    environment = {k: v for k, v in os.environ.items() if k not in RECORDED_VARIABLES}
    command = [sys.executable, SCRIPTS / script, data, way, str(THREADS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout.split()[-1])


def by_run(backend, tier, data, results):
    """The same by the record of a run."""
    command = [
        *(sys.executable, "-m", "benchsuite", "run", "--archs", "cnn_basic"),
        *("--backends", backend, "--tiers", tier, "--threads", str(THREADS)),
        *("--dataset", f"npz:{data}", "--epochs", str(EPOCHS)),
        *("--batch-size", "128", "--results", str(results)),
    ]
    subprocess.run(command, capture_output=True, check=True)
    (stored,) = read_stored([results])
    epoch = stored.record.findings.training.epochs[-1]
    return epoch.images / epoch.train_s


@pytest.mark.frameworks
@pytest.mark.parametrize("side", SIDES, ids="-".join)
def test_a_run_trains_as_fast_as_a_plain_script(benchmark, tmp_path, data_file, side):
    (backend, tier, script, way), ratios = side, []

    def pair():
        turns = [
            lambda: by_run(backend, tier, data_file, tmp_path / f"run{len(ratios)}"),
            lambda: by_script(script, way, data_file),
        ]
        order = (0, 1) if len(ratios) % 2 else (1, 0)
        speeds = {index: turns[index]() for index in order}
        ratios.append(speeds[0] / speeds[1])

    benchmark.pedantic(pair, rounds=PAIRS)
    low, high = min(ratios), max(ratios)
    found = {"median": median(ratios), "low": low, "high": high}
    benchmark.extra_info.update(found)
    sys.stdout.write(
        f"\n{backend} {tier}: {median(ratios):.3f} of the images per second of {script} {way} "
        f"({low:.3f} to {high:.3f})\n"
    )
    assert high >= 1.0
