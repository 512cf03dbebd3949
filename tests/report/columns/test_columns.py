import io
import re
from pathlib import Path

import pandas as pd
import pytest
from msgspec.structs import replace

from benchsuite.records import Roofline
from benchsuite.report.columns.columns import COLUMNS, metric_column
from benchsuite.report.leaderboard.rows import columns_of, csv_text

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "leaderboard.md"
STEMS = ("inference", "best_inference", "training")
BY_NAME = {column.name: column for column in COLUMNS}


def test_columns_have_unique_names():
    assert len(BY_NAME) == len(COLUMNS)


def test_columns_are_documented_all_of_them_in_order():
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()

    start = lines.index("## Columns")
    documented = [line for line in lines[start:] if line.startswith("| `")]
    assert documented == [
        f"| `{c.name}` | {c.type} | {c.better or ''} | {c.description} |" for c in columns_of([])
    ]


def test_number_columns_carry_their_unit():
    unitless = {"learning_rate"}
    units = re.compile(r"_(fraction|nats|s|bytes|per_s|j|w)$")

    without = {c.name for c in COLUMNS if c.type == "number" and not units.search(c.name)}

    assert without == unitless


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("schema", 4),
        ("run", "run-1"),
        ("status", "ok"),
        ("reason", None),
        ("architecture", "lenet5"),
        ("backend", "torch"),
        ("device", "cpu"),
        ("device_name", "Test CPU"),
        ("tier", "native"),
        ("precision", "fp32"),
        ("threads", 2),
        ("division", "matched"),
        ("protocol", "tour-2"),
        ("isolation", "spawn"),
        ("dataset", "digits"),
        ("seed", 0),
        ("origin", "graph"),
        ("equality", "unproven"),
        ("input_height_px", 28),
        ("input_width_px", 20),
        ("input_channels", 1),
        ("num_classes", 10),
        ("train_input_height_px", 16),
        ("train_input_width_px", 12),
        ("train_input_channels", 3),
        ("parameters", 61_706),
        ("buffers", 0),
        ("macs", 416_520),
        ("flops", 833_040),
        ("native_parameters", 61_706),
        ("native_macs", 416_520),
        ("native_counter", "fvcore"),
        ("test_top1_fraction", 0.925),
        ("test_loss_nats", 0.3),
        ("validation_top1_fraction", 0.9),
        ("validation_loss_nats", 0.4),
        ("optimizer", "sgd"),
        ("learning_rate", 0.01),
        ("train_batch_size", 32),
        ("train_epochs", 2),
        ("train_steps", 3),
        ("train_images", 96),
        ("train_loss_nats", 1.5),
        ("train_wall_s", 0.75),
        ("train_images_per_s", 128.0),
        ("training_with_input_images_per_s", 128.0),
        ("latency_batch1_p50_s", 0.002),
        ("latency_samples", 3),
        ("first_call_s", 0.25),
        ("first_training_step_s", 0.75),
        ("inference_batch_size", 64),
        ("inference_throughput_images_per_s", 1000.0),
        ("training_batch_size", 16),
        ("training_throughput_images_per_s", 400.0),
        ("host_memory_peak_bytes", 500_000_000),
        ("host_memory_above_import_bytes", 100_000_000),
        ("device_memory_peak_bytes", None),
        ("device_memory_reserved_bytes", None),
        ("device_memory_driver_bytes", None),
        ("energy_per_image_j", None),
        ("idle_power_w", None),
        ("data_digest", "d" * 64),
        ("split_digest", "s" * 64),
        ("order_digest", "o" * 64),
        ("initial_weights_digest", "w" * 64),
        ("fingerprint", "f" * 64),
        ("train_fingerprint", "t" * 64),
        ("versions", "torch 2.13.0; numpy 2.4.0"),
        ("benchsuite_version", "0.1.0"),
        ("started", "2026-01-02T03:04:05+00:00"),
        ("ended", "2026-01-02T03:05:05+00:00"),
    ],
)
def test_column_reads_its_value(make_record, name, expected):
    record = make_record(input_shape=(28, 20, 1), train_input_shape=(16, 12, 3))

    assert BY_NAME[name].read(record) == expected


def _trained(make_record, *epochs):
    """A record whose epochs took so many images, seconds, and seconds of waiting."""
    training = make_record().findings.training
    first = training.epochs[0]
    made = (replace(first, images=n, train_s=s, input_wait_s=wait) for n, s, wait in epochs)
    return make_record(training=replace(training, epochs=tuple(made)))


def test_training_with_its_input_leaves_out_the_epoch_that_compiles(make_record):
    record = _trained(make_record, (100, 50.0, 1.0), (100, 2.0, 0.5), (40, 3.0, 0.25))

    assert BY_NAME["training_with_input_images_per_s"].read(record) == 28.0
    assert BY_NAME["input_wait_fraction"].read(record) == 0.15
    assert BY_NAME["train_images_per_s"].read(record) == pytest.approx(240 / 55)


def test_training_with_its_input_takes_the_only_epoch_as_it_is(make_record):
    record = _trained(make_record, (100, 50.0, 5.0))

    assert BY_NAME["training_with_input_images_per_s"].read(record) == 2.0
    assert BY_NAME["input_wait_fraction"].read(record) == 0.1


def test_wait_for_input_is_blank_where_the_framework_makes_it(make_record):
    record = _trained(make_record, (100, 50.0, None), (100, 50.0, None))

    assert BY_NAME["training_with_input_images_per_s"].read(record) == 2.0
    assert BY_NAME["input_wait_fraction"].read(record) is None


@pytest.mark.parametrize("part", ["training_forward", "training_backward", "training_update"])
def test_parts_of_a_step_are_read_with_their_interval(make_record, part):
    values = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
    record = make_record(samples={part: values})

    read = [BY_NAME[f"{part}{end}_s"].read(record) for end in ("", "_low", "_high")]

    assert read == [0.875, 0.25, 1.5]


@pytest.mark.parametrize("kind", ["peak", "reserved", "driver"])
def test_device_memory_is_a_whole_number_of_bytes(make_record, kind):
    record = make_record(samples={f"device_memory_{kind}": (3e6,)})

    assert BY_NAME[f"device_memory_{kind}_bytes"].read(record) == 3_000_000


def test_energy_is_read_with_what_its_flags_are_of(make_record):
    record = make_record(samples={"energy_per_image": (0.25,), "idle_power": (70.0,)})

    assert BY_NAME["energy_per_image_j"].read(record) == 0.25
    assert BY_NAME["idle_power_w"].read(record) == 70.0
    assert BY_NAME["idle_power_w"].measured(record).metric == "idle_power"


def test_case_id_is_the_cases(make_record):
    record = make_record()

    assert BY_NAME["case_id"].read(record) == record.case.id


def test_reason_is_one_line(make_record):
    record = make_record(status="failed", reason="RuntimeError:\n  no luck\n")

    assert BY_NAME["reason"].read(record) == "RuntimeError: no luck"


def test_failed_case_is_blank_where_nothing_was_measured_and_never_zero(make_record):
    record = make_record(status="oom", reason="out of memory", size=None, training=None)

    read = {column.name: column.read(record) for column in COLUMNS}

    blank = {name for name, value in read.items() if value is None}
    measured = {c.name for c in COLUMNS if c.better}
    assert measured <= blank
    assert {"parameters", "macs", "train_steps", "latency_samples", "data_digest"} <= blank
    assert read["status"] == "oom"
    assert read["reason"] == "out of memory"
    assert read["architecture"] == "lenet5"


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_diverged_figure_is_blank(make_record, value):
    record = make_record(test={"loss_nats": value})

    assert BY_NAME["test_loss_nats"].read(record) is None


def test_metric_column_says_which_way_is_better_where_that_is_known():
    assert metric_column("test", "top1_fraction").better == "higher"
    assert metric_column("validation", "loss_nats").better == "lower"
    assert metric_column("test", "brier").better is None


def test_size_columns_are_the_graphs(make_record):
    counts = {"activations_peak_elements": 9, "activations_total_elements": 30, "training_macs": 7}
    record = make_record(size=replace(make_record().findings.size, **counts))

    assert {name: BY_NAME[name].read(record) for name in counts} == counts
    assert {BY_NAME[name].read(make_record()) for name in counts} == {None}


def test_what_is_achieved_is_of_the_throughput_beside_it(make_record):
    """At the case's batch, the best one, and in training."""
    record = make_record()
    slow, *others = record.findings.measurements[1:]
    fast = replace(slow, batch_size=128, value=2 * slow.value)
    lines = (
        Roofline(metric=slow.metric, batch_size=64, achieved_flops_per_s=1.0, share_of_ceiling=0.1),
        Roofline(metric=slow.metric, batch_size=128, achieved_flops_per_s=2.0),
        Roofline(metric="training_throughput", batch_size=16, achieved_flops_per_s=3.0),
    )
    findings = replace(record.findings, measurements=(slow, fast, *others), rooflines=lines)
    record = replace(record, findings=findings)

    achieved = {stem: BY_NAME[f"{stem}_achieved_flops_per_s"].read(record) for stem in STEMS}
    shares = {stem: BY_NAME[f"{stem}_share_of_ceiling_fraction"].read(record) for stem in STEMS}
    assert achieved == {"inference": 1.0, "best_inference": 2.0, "training": 3.0}
    assert shares == {"inference": 0.1, "best_inference": None, "training": None}


def test_batch_that_was_backed_off_is_shown_with_its_own_size_and_flag(make_record):
    record = make_record()
    smaller = tuple(
        replace(m, batch_size=m.batch_size // 4, flags=("backed_off",))
        if m.metric in ("inference_throughput", "training_throughput")
        else m
        for m in record.findings.measurements
    )
    backed_off = replace(record, findings=replace(record.findings, measurements=smaller))

    for stem, own in (("inference", 64), ("training", 16)):
        size, figure = BY_NAME[f"{stem}_batch_size"], BY_NAME[f"{stem}_throughput_images_per_s"]
        assert (size.read(record), size.read(backed_off)) == (own, own // 4)
        assert figure.read(backed_off) == figure.read(record)
        assert "backed_off" in figure.measured(backed_off).flags


@pytest.mark.parametrize(
    ("change", "blank"),
    [
        ({"train_s": 0.0}, "train_images_per_s"),
        ({"steps": 1 << 62}, "train_steps"),
        ({"train_s": 1e308}, "train_wall_s"),
    ],
)
def test_what_no_table_holds_is_blank(make_record, change, blank):
    """A record may come from anybody."""
    training = make_record().findings.training
    epochs = tuple(replace(epoch, **change) for epoch in (*training.epochs, *training.epochs))
    record = make_record(training=replace(training, epochs=epochs))

    assert pd.read_csv(io.StringIO(csv_text([record])))[blank].isna().all()
    assert pd.read_csv(io.StringIO(csv_text([make_record()])))[blank].notna().all()
