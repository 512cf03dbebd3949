import os
import sys
from pathlib import Path
from statistics import median

import pytest
from msgspec.structs import replace

from benchsuite.contract import Normalizer, Recipe
from benchsuite.measure.statistics.estimates import median_estimate
from benchsuite.records import (
    Case,
    Digests,
    Epoch,
    Findings,
    Measurement,
    Record,
    Size,
    Training,
)

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "docs" / "example-plugin" / "src"
NATIVES = Path(__file__).parent / "natives.py"


@pytest.fixture
def example_plugin(monkeypatch):
    """The example plugin's module, importable here and in worker processes."""
    monkeypatch.syspath_prepend(EXAMPLE)
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLE), prepend=os.pathsep)
    yield "benchsuite_example"
    for name in [name for name in sys.modules if name.startswith("benchsuite_example")]:
        del sys.modules[name]


@pytest.fixture
def native_plugins(example_plugin):
    """The example plugin, and one of natively written models: arguments of `-p`."""
    return [example_plugin, str(NATIVES)]


#: A case that ran well, as the fields of a record; `make_record` changes some of them.
RECIPE = Recipe(optimizer="sgd", lr=0.01, batch_size=32, epochs=2)
CASE = Case(
    architecture="lenet5",
    backend="torch",
    device="cpu",
    tier="native",
    precision="fp32",
    threads=2,
    division="matched",
    dataset="digits",
    seed=0,
    recipe=RECIPE,
    input_shape=(28, 28, 1),
    num_classes=10,
    train_input_shape=(28, 28, 1),
    inference_batch_size=64,
    training_batch_size=16,
    protocol="tour-2",
    isolation="spawn",
)
TRAINING = Training(
    digests=Digests(
        data="d" * 64,
        split="s" * 64,
        order="o" * 64,
        initial_weights="w" * 64,
        train_fingerprint="t" * 64,
    ),
    normalizer=Normalizer(),
    split_sizes={"train": 1293, "validation": 144, "test": 360},
    step_losses=(2.5, 2.0, 1.5),
    epochs=(
        Epoch(
            steps=2,
            images=64,
            mean_loss_nats=2.25,
            learning_rate=0.01,
            train_s=0.5,
            input_wait_s=0.0,
        ),
        Epoch(
            steps=1,
            images=32,
            mean_loss_nats=1.5,
            learning_rate=0.01,
            train_s=0.25,
            input_wait_s=0.0,
        ),
    ),
    ended="epochs",
    validation={"top1_fraction": 0.9, "loss_nats": 0.4},
    test={"top1_fraction": 0.925, "loss_nats": 0.3},
)
SIZE = Size(
    fingerprint="f" * 64,
    parameters=61_706,
    buffers=0,
    macs=416_520,
    flops=833_040,
    native_parameters=61_706,
    native_macs=416_520,
    native_counter="fvcore",
)
SAMPLES = {
    "latency": ("s", "lower", (0.002, 0.001, 0.004)),
    "inference_throughput": ("images/s", "higher", (900.0, 1000.0, 1100.0)),
    "training_throughput": ("images/s", "higher", (400.0, 300.0, 500.0)),
    "first_call": ("s", "lower", (0.25,)),
    "first_training_step": ("s", "lower", (0.75,)),
    "host_memory_peak": ("bytes", "lower", (500_000_000.0,)),
    "host_memory_above_import": ("bytes", "lower", (100_000_000.0,)),
}


BATCH_SIZES = {"latency": 1, "inference_throughput": 64, "training_throughput": 16}


@pytest.fixture
def make_record():
    """A function that builds a record.

    Fields of the case are given by name; `samples` replaces measurements' values, one a process,
    `test` and `digests` those of training; `size=None` and `training=None` leave those out.
    """

    def make(
        *,
        status="ok",
        reason="",
        run="run-1",
        device_name="Test CPU",
        samples=(),
        test=(),
        digests=(),
        size=SIZE,
        training=TRAINING,
        **case,
    ):
        values = {**{name: sample[2] for name, sample in SAMPLES.items()}, **dict(samples)}
        measurements = tuple(
            Measurement(
                metric=name,
                unit=SAMPLES.get(name, ("bytes",))[0],
                better=SAMPLES.get(name, ("", "lower"))[1],
                label=name.replace("_", " "),
                batch_size=BATCH_SIZES.get(name),
                values=found,
                rounds=tuple(range(len(found))),
                samples=len(found),
                value=median(found) if found else None,
                low=estimate.low if (estimate := median_estimate(found)) else None,
                high=estimate.high if estimate else None,
            )
            for name, found in values.items()
        )
        if training:
            training = replace(
                training,
                test={**training.test, **dict(test)},
                digests=replace(training.digests, **dict(digests)),
            )
        return Record(
            benchsuite_version="0.1.0",
            run=run,
            case=replace(CASE, **case),
            status=status,
            reason=reason,
            findings=Findings(
                size=size,
                training=training,
                measurements=measurements if status == "ok" else (),
                versions={"torch": "2.13.0", "numpy": "2.4.0"},
                device_name=device_name,
            ),
            started="2026-01-02T03:04:05+00:00",
            ended="2026-01-02T03:05:05+00:00",
        )

    return make
