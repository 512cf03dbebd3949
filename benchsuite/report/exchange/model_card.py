"""A model card for the Hugging Face hub: results for its programs, and a table for people.

The front matter follows the Hub's specification, `modelcard.md` in huggingface/hub-docs.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from benchsuite.metrics.declared import LOSS, TOP1, TOP5
from benchsuite.records import Record, Stored
from benchsuite.report.exchange.pull_request import figures
from benchsuite.report.leaderboard.rows import in_order

_TASK = {"type": "image-classification", "name": "Image Classification"}
_UNBROKEN = 10_000
#: By our metric: the Hub's id of it, its name, and the arguments that it is computed with.
_METRICS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    TOP1.name: ("accuracy", "top-1 accuracy", {}),
    TOP5.name: ("accuracy", "top-5 accuracy", {"k": 5}),
    LOSS.name: ("loss", "cross-entropy in nats", {}),
}


def export(cases: Sequence[Stored]) -> str:
    """A card of all networks, each with its test results on each data set and backend."""
    import yaml

    records = in_order([stored.record for stored in cases])
    index = [entry for entry in _entries(records) if entry["results"]]
    matter = {
        "pipeline_tag": _TASK["type"],
        "tags": ["benchsuite"],
        **({"metrics": ["accuracy"], "model-index": index} if index else {}),
    }
    front = yaml.safe_dump(matter, sort_keys=False, allow_unicode=True, width=_UNBROKEN)
    return f"---\n{front}---\n\n## Evaluation results\n\n{figures(records, wide=True)}\n"


def _entries(records: Sequence[Record]) -> Iterator[dict[str, Any]]:
    for architecture, rows in groupby(records, key=lambda record: record.case.architecture):
        results = (_result(record) for record in rows if record.status == "ok")
        yield {"name": architecture, "results": [one for one in results if one["metrics"]]}


def _result(record: Record) -> dict[str, Any]:
    case, training = record.case, record.findings.training
    found = training.test if training else {}
    # The Hub's programs join results of one data set: every metric's name says whose it is.
    whose = f"{case.architecture}, {case.backend}, {case.precision}, {case.division}"
    return {
        "task": dict(_TASK),
        "dataset": {"type": case.dataset.partition(":")[0], "name": case.dataset, "split": "test"},
        "metrics": [
            _metric(name, value, f"{whose}, seed {case.seed}")
            for name in (*_METRICS, *(name for name in found if name not in _METRICS))
            # None: it was never measured, or is not finite.
            if (value := found.get(name)) is not None
        ],
    }


def _metric(name: str, value: float, whose: str) -> dict[str, Any]:
    kind, words, arguments = _METRICS.get(name, (name, name, {}))
    args = {"args": dict(arguments)} if arguments else {}
    return {"type": kind, "value": value, "name": f"{words} ({whose})", **args}
