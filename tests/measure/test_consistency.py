"""Figures of one row that must agree; processes of one row that must be alike."""

import msgspec
import pytest

from benchsuite.measure.consistency import differing_settings, with_consistency_flags
from benchsuite.metrics.declared import HOST_MEMORY, INFERENCE, LATENCY, TRAINING
from benchsuite.records import Measurement

changed = msgspec.structs.replace


def measurement(quantity, value, batch_size=None):
    return Measurement.of(quantity, values=(value,), samples=1, value=value, batch_size=batch_size)


@pytest.fixture
def flags(make_record):
    """A function: (measurements, ledger, images per second of training) -> flags by figure."""
    record = make_record()
    case = changed(
        record.case,
        train_input_shape=record.case.input_shape,
        recipe=changed(record.case.recipe, batch_size=32),
    )

    def found(*measurements, ledger=None, training=100.0, **fields):
        epoch = changed(record.findings.training.epochs[0], images=1000, train_s=1000 / training)
        findings = changed(
            record.findings,
            measurements=measurements,
            ledger=ledger or {},
            training=changed(record.findings.training, epochs=(epoch,)),
        )
        flagged = with_consistency_flags(changed(case, **fields), findings)
        return {
            **{one.metric: one.flags for one in flagged.measurements},
            "train": flagged.training.flags,
        }

    return found


def test_figures_that_agree_have_no_flags(flags):
    found = flags(
        measurement(LATENCY, 0.01, 1),
        measurement(INFERENCE, 150.0, 64),
        measurement(TRAINING, 110.0, 32),
        ledger={"train.layout": "NCHW", "time.layout": "NCHW"},
    )
    assert set(found.values()) == {()}


def test_a_batch_that_is_slower_than_single_images_is_flagged(flags):
    found = flags(measurement(LATENCY, 0.01, 1), measurement(INFERENCE, 70.0, 64))
    assert found[INFERENCE.name] == ("slower_batch",)
    assert found[LATENCY.name] == ()


@pytest.mark.parametrize("training", [40.0, 250.0])
def test_training_far_from_timed_training_steps_is_flagged(flags, training):
    step = measurement(TRAINING, 100.0, 32)
    assert flags(step, training=training)["train"] == ("inconsistent",)


def test_training_of_another_input_or_batch_is_not_compared(flags):
    assert flags(measurement(TRAINING, 100.0, 16), training=10.0)["train"] == ()
    smaller = {"train_input_shape": (8, 8, 1)}
    assert flags(measurement(TRAINING, 100.0, 32), training=10.0, **smaller)["train"] == ()


def test_tasks_of_different_settings_flag_every_time(flags):
    ledger = {"train.MALLOC_TOP_PAD_": "unset", "time.MALLOC_TOP_PAD_": "268435456"}
    found = flags(measurement(LATENCY, 0.01, 1), measurement(HOST_MEMORY, 1e9), ledger=ledger)
    assert found == {
        LATENCY.name: ("mixed_settings",),
        HOST_MEMORY.name: (),
        "train": ("mixed_settings",),
    }


def test_memory_may_be_measured_under_another_allocator():
    ledger = {"memory.layout": "NHWC", "time.layout": "NCHW", "train.layout": "NCHW"}
    assert differing_settings(ledger) == []
    assert differing_settings({**ledger, "train.layout": "NHWC"}) == ["layout"]
