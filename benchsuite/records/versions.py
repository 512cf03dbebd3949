"""Records of older versions, as if they had been written today."""

from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import msgspec

from benchsuite.metrics import METRICS
from benchsuite.records.schema import SCHEMA_VERSION, Record

Raw = dict[str, Any]


class _Header(msgspec.Struct):
    schema: int


def version_of(content: bytes) -> int:
    """The version that a record says it has. Raises msgspec.MsgspecError where it is none."""
    return msgspec.json.decode(content, type=_Header).schema


def decode_latest(content: bytes) -> Record | None:
    """A record of this very version, at once; None where it is of another, or none at all."""
    try:
        record = msgspec.json.decode(content, type=Record)
    except msgspec.ValidationError:
        return None
    return record if record.schema == SCHEMA_VERSION else None


def decode_record(content: bytes, version: int) -> Record:
    """A record of that version, up to this one. Raises msgspec.MsgspecError where it is none."""
    if version == SCHEMA_VERSION:
        return msgspec.json.decode(content, type=Record)
    raw: Raw = msgspec.json.decode(content, type=dict[str, Any])
    try:
        for step in range(version, SCHEMA_VERSION):
            raw = _UPGRADES[step](raw)
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        raise msgspec.ValidationError(f"version {version} has no such field: {error}") from error
    return msgspec.convert({**raw, "schema": SCHEMA_VERSION}, Record)


def _from_1(raw: Raw) -> Raw:
    """A recipe held its update rule apart; why training ended was not said."""
    recipe: Raw = dict(raw["case"]["recipe"])
    rule, rate = recipe.pop("update_rule"), recipe.pop("learning_rate")
    case = {**raw["case"], "recipe": {**recipe, **rule, "lr": rate}}
    findings = dict(raw["findings"])
    if findings.get("training"):
        findings["training"] = _training_from_1(findings["training"], recipe.get("max_steps"))
    return {**raw, "case": case, "findings": findings}


def _training_from_1(training: Raw, max_steps: int | None) -> Raw:
    losses = training["step_losses"]
    ended = "max_steps" if len(losses) == max_steps else "epochs"
    epochs = [{**epoch, "input_wait_s": None} for epoch in training["epochs"]]
    return {**training, "ended": "diverged" if None in losses else ended, "epochs": epochs}


def _from_2(raw: Raw) -> Raw:
    """Measurements held the raw samples of their one process."""
    findings = dict(raw["findings"])
    sizes = _batch_sizes(raw["case"])
    findings["measurements"] = [
        {**_measurement_from_2(one), "batch_size": sizes.get(one["metric"])}
        for one in findings.get("measurements", ())
    ]
    return {**raw, "findings": findings}


def _batch_sizes(case: Raw) -> dict[str, int]:
    """By figure: where it depends on one, it was the case's."""
    sizes = {
        "one": 1,
        "inference": case["inference_batch_size"],
        "training": case["training_batch_size"],
    }
    return {one.name: sizes[one.batch] for one in METRICS.values() if one.batch in sizes}


def _measurement_from_2(raw: Raw) -> Raw:
    samples = raw["values"]
    peak = raw["unit"] == "bytes"
    # A peak of memory is the most that there was; other figures are medians.
    value = (max if peak else median)(samples) if samples else None
    kept = {key: raw[key] for key in ("metric", "unit", "better")}
    values = [] if value is None else [value]
    return {**kept, "values": values, "samples": len(samples), "value": value}


def _from_3(raw: Raw) -> Raw:
    """Process settings were called an environment, and the task that trains was called `learn`.

    A measurement did not say what people call it, and a record said its cause in words alone.
    """
    case, findings = dict(raw["case"]), dict(raw["findings"])
    if "environment" in case:
        case["process_settings"] = case.pop("environment")
    findings["phases"] = [
        {**phase, "task": _TASKS.get(phase["task"], phase["task"])}
        for phase in findings.get("phases", ())
    ]
    findings["measurements"] = [
        {**one, "label": _label(one["metric"])} for one in findings.get("measurements", ())
    ]
    findings["ledger"] = {_renamed(key): value for key, value in findings.get("ledger", {}).items()}
    cause = _cause(raw["status"], raw.get("reason", ""))
    return {**raw, "case": case, "findings": findings, "cause": cause}


def _cause(status: str, reason: str) -> str:
    """What the sentence of a record says; `exception` where it says nothing that is known."""
    if status == "ok":
        return ""
    found = (cause for cause, words in _SENTENCES if words in reason)
    return _CAUSES.get(status) or next(found, "exception")


def _label(metric: str) -> str:
    return METRICS[metric].label if metric in METRICS else metric.replace("_", " ")


def _renamed(key: str) -> str:
    """A key of the ledger, which begins with its task."""
    task, dot, setting = key.partition(".")
    return f"{_TASKS.get(task, task)}{dot}{setting}"


_TASKS = {"learn": "train"}
#: By status, where there is one alone.
_CAUSES = {"timeout": "timeout", "oom": "out_of_memory", "unsupported": "unsupported"}
#: What was said, up to version 3, where a status had several causes.
_SENTENCES = (
    ("budget", "the budget was spent"),
    ("interrupted", "interrupted"),
    ("cut_short", "the run was cut short"),
    ("mismatch", "not the same network as its"),
    ("invalid_message", "said what is no event"),
    ("flood", "it printed more than"),
    ("not_started", "no process can be started"),
    ("exit", "its process ended with exit code"),
    ("killed", "its process was killed by"),
    ("refused", "training diverged"),
    ("refused", "built another network"),
    ("refused", "answers in training mode"),
)
#: By version: to the next one.
_UPGRADES: Mapping[int, Callable[[Raw], Raw]] = {1: _from_1, 2: _from_2, 3: _from_3}
