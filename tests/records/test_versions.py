import csv
import json
from pathlib import Path
from typing import get_args

import pytest

from benchsuite.contract import UpdateRule
from benchsuite.errors import UsageError
from benchsuite.hooks import load_plugins
from benchsuite.records import read_record, read_stored
from benchsuite.records.causes import STATUS_BY_CAUSE, Cause, Status
from benchsuite.records.schema import SCHEMA_VERSION
from benchsuite.records.versions import version_of
from benchsuite.report.leaderboard.rows import csv_text

#: Those that benchsuite itself offers.
EXPORTERS = {n: e for n, e in load_plugins().exporters.items() if e.plugin == "core"}

#: One of each, kept as it was written, for ever.
VERSIONS = range(1, SCHEMA_VERSION + 1)
KEPT = [Path(__file__).parent / f"version{number}.json" for number in VERSIONS]
FIRST, SECOND, *_ = KEPT


@pytest.fixture
def rewritten(tmp_path):
    """A record of the first version, with changes made to it."""

    def write(change):
        raw = json.loads(FIRST.read_text())
        change(raw)
        path = tmp_path / "record.json"
        path.write_text(json.dumps(raw))
        return path

    return write


def test_a_record_of_the_first_version_is_read():
    record = read_record(FIRST)
    recipe = record.case.recipe
    assert record.schema == SCHEMA_VERSION
    assert (recipe.lr, recipe.batch_size, recipe.epochs, recipe.max_steps) == (0.001, 32, 1, None)
    assert recipe.update_rule == UpdateRule(optimizer="adam")
    (epoch,) = record.findings.training.epochs
    assert (epoch.steps, epoch.input_wait_s, epoch.validation) == (40, None, {})
    assert record.findings.training.ended == "epochs"
    latency = record.measurement("latency")
    assert (latency.samples, latency.value) == (2, pytest.approx(0.000119293))
    assert latency.values == (latency.value,)


def test_a_record_of_the_second_version_is_read():
    record = read_record(SECOND)
    assert record.schema == SCHEMA_VERSION
    assert record.case.process_settings == "tuned"
    memory = record.measurement("host_memory_peak")
    assert (memory.values, memory.value) == ((1574346752.0,), 1574346752.0)
    latency = record.measurement("latency")
    assert (latency.batch_size, latency.samples, latency.low) == (1, 26, None)
    assert latency.value == pytest.approx(0.1561424245)
    assert record.measurement("inference_throughput", record.case.inference_batch_size)
    assert record.measurement("training_throughput", record.case.training_batch_size)


def test_a_record_of_every_version_is_kept():
    assert [version_of(path.read_bytes()) for path in KEPT] == list(VERSIONS)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_record_of_any_version_is_a_row_of_the_leaderboard(path):
    record = read_record(path)
    (row,) = csv.DictReader(csv_text([record]).splitlines())
    assert (row["schema"], row["status"]) == (str(SCHEMA_VERSION), "ok")
    assert float(row["latency_batch1_p50_s"]) == record.measurement("latency").value > 0
    assert float(row["test_top1_fraction"]) > 0


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_record_of_any_version_is_exported(path, exporter):
    (stored,) = read_stored([path])
    text = EXPORTERS[exporter].load()([stored])
    assert stored.record.case.architecture in text.replace("\\", "")
    assert stored.record.case.backend in text


def test_samples_that_were_never_taken_are_no_figure(rewritten):
    def change(raw):
        for measurement in raw["findings"]["measurements"]:
            measurement["values"] = []

    latency = read_record(rewritten(change)).measurement("latency")
    assert (latency.values, latency.value) == ((), None)


@pytest.mark.parametrize(
    ("losses", "max_steps", "ended"),
    [([1.0, 0.5], 2, "max_steps"), ([1.0, None], 2, "diverged"), ([1.0, 0.5], None, "epochs")],
)
def test_why_training_ended_is_found_out(rewritten, losses, max_steps, ended):
    def change(raw):
        raw["case"]["recipe"]["max_steps"] = max_steps
        raw["findings"]["training"]["step_losses"] = losses

    training = read_record(rewritten(change)).findings.training
    assert training.ended == ended


@pytest.mark.parametrize(
    ("status", "reason", "cause"),
    [
        ("ok", "", ""),
        ("skipped", "the budget was spent before it began", "budget"),
        ("skipped", "interrupted before it began", "interrupted"),
        ("skipped", "the run was cut short", "cut_short"),
        ("timeout", "train: not done within 6 s (--timeout)", "timeout"),
        ("oom", "memory: MemoryError: cannot allocate 9 TB", "out_of_memory"),
        ("unsupported", "this backend does not train", "unsupported"),
        ("failed", "no such part; time: its process was killed by SIGSEGV", "killed"),
        ("failed", "learn: its process ended with exit code 7", "exit"),
        ("failed", "learn: its process said what is no event, 'INFO'", "invalid_message"),
        ("failed", "learn: it printed more than 64 MiB", "flood"),
        ("failed", "memory: no process can be started for it: Resource", "not_started"),
        ("failed", "not the same network as its rivals': logits differ by 1", "mismatch"),
        ("failed", "learn: training diverged: the loss of step 2 is nan", "refused"),
        ("failed", "memory: ValueError: no such kernel", "exception"),
    ],
)
def test_cause_is_what_the_sentence_says(rewritten, status, reason, cause):
    record = read_record(rewritten(lambda raw: raw.update(status=status, reason=reason)))

    assert (record.status, record.cause, record.reason) == (status, cause, reason)
    assert STATUS_BY_CAUSE[record.cause] == status


def test_every_cause_has_a_status():
    assert set(STATUS_BY_CAUSE) == set(get_args(Cause))
    assert set(STATUS_BY_CAUSE.values()) == set(get_args(Status))


def test_a_record_that_was_never_trained_is_read(rewritten):
    record = read_record(rewritten(lambda raw: raw["findings"].update(training=None)))
    assert record.findings.training is None


def test_a_broken_record_of_the_first_version_is_refused(rewritten):
    path = rewritten(lambda raw: raw["case"].update(seed="none"))
    with pytest.raises(UsageError, match="is not a benchsuite record"):
        read_record(path)


def test_a_record_without_a_recipe_is_refused(rewritten):
    path = rewritten(lambda raw: raw["case"].pop("recipe"))
    with pytest.raises(UsageError, match="is not a benchsuite record"):
        read_record(path)
