"""Cases as MLflow runs: parameters, figures, curves, and the record itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from numbers import Real
from typing import TYPE_CHECKING, Any

import msgspec

from benchsuite.errors import UsageError
from benchsuite.records import Epoch, Record, Stored
from benchsuite.report import leaderboard_frame

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

#: Columns of the leaderboard that hold no figure: parameters have them.
_SETTINGS = frozenset(
    {
        *("schema", "threads", "limit", "seed", "num_classes", "learning_rate", "train_batch_size"),
        *("input_height_px", "input_width_px", "input_channels"),
        *("train_input_height_px", "train_input_width_px", "train_input_channels"),
    }
)
#: Text columns that tell where a figure comes from, and what it may be compared with.
_TAGS = (
    *("run", "case_id", "status", "reason", "origin", "equality", "device_name", "flags"),
    *("fingerprint", "train_fingerprint", "data_digest", "split_digest", "order_digest"),
    *("initial_weights_digest", "versions", "benchsuite_version"),
)
_PREFIX = "benchsuite."
_MS_PER_S = 1000


def log_cases(cases: Sequence[Stored], uri: str) -> str:
    """Log each case, unless it is there, as a run in an experiment of its run's name.

    Raises UsageError where the store cannot be used.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    logged = 0
    try:
        client = MlflowClient(uri)
        for name, held in _by_run(cases).items():
            experiment = _experiment(client, name)
            known = _known(client, experiment)
            new = [stored for stored in held if stored.record.case.id not in known]
            for stored in new:
                _log(client, experiment, stored)
            logged += len(new)
    except MlflowException as error:
        raise UsageError(f"MLflow cannot log to '{uri}': {error.message}") from error
    return f"{logged} runs logged to {uri}, {len(cases) - logged} were there already\n"


def _by_run(cases: Sequence[Stored]) -> dict[str, list[Stored]]:
    runs: dict[str, list[Stored]] = {}
    for stored in cases:
        runs.setdefault(stored.record.run, []).append(stored)
    return runs


def _experiment(client: MlflowClient, name: str) -> str:
    found = client.get_experiment_by_name(name)
    identity: str = found.experiment_id if found else client.create_experiment(name)
    return identity


def _known(client: MlflowClient, experiment: str) -> set[str]:
    """Ids of the cases that were logged to their end."""
    known, token = set(), None
    while True:
        page = client.search_runs([experiment], page_token=token)
        known |= {
            run.data.tags.get(f"{_PREFIX}case_id", "")
            for run in page
            if run.info.status in ("FINISHED", "FAILED")
        }
        token = page.token
        if not token:
            return known


def _log(client: MlflowClient, experiment: str, stored: Stored) -> None:
    from mlflow.entities import Param, RunTag

    record = stored.record
    cells = leaderboard_frame([record]).iloc[0].dropna()
    row = {str(name): value for name, value in cells.items()}
    started, ended = _ms(record.started), _ms(record.ended)
    run = client.create_run(experiment, start_time=started, run_name=record.case.id)
    identity = run.info.run_id
    # The client itself parts what is too much for one request, and cuts what is too long.
    client.log_batch(
        identity,
        metrics=[*_figures(row, ended), *_curves(record, started)],
        params=[Param(name, str(value)) for name, value in _parameters(record)],
        tags=[RunTag(f"{_PREFIX}{name}", str(row[name])) for name in _TAGS if name in row],
    )
    client.log_artifact(identity, str(stored.path))
    client.set_terminated(identity, "FINISHED" if record.status == "ok" else "FAILED", ended)


def _ms(moment: str) -> int:
    try:
        return round(datetime.fromisoformat(moment).timestamp() * _MS_PER_S)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"a record says that it is of '{moment}', which is no time") from error


def _parameters(record: Record) -> Iterator[tuple[str, Any]]:
    """The case, its recipe's keys as `recipe.lr`; what is None is left out."""
    case = msgspec.to_builtins(record.case)
    recipe = case.pop("recipe")
    flat = {**case, **{f"recipe.{key}": value for key, value in recipe.items()}}
    yield from ((name, value) for name, value in flat.items() if value is not None)


def _figures(row: Mapping[str, Any], moment: int) -> Iterator[Metric]:
    """Under the names of the leaderboard's columns, units included."""
    from mlflow.entities import Metric

    for name, value in row.items():
        if isinstance(value, Real) and name not in _SETTINGS:
            yield Metric(name, float(value), moment, 0)


def _curves(record: Record, moment: int) -> Iterator[Metric]:
    """Of each step its loss, and of each epoch all that is known; both are counted from 1."""
    from mlflow.entities import Metric

    training = record.findings.training
    if training is None:
        return
    for step, loss in enumerate(training.step_losses, start=1):
        if loss is not None:
            yield Metric("step_loss_nats", loss, moment, step)
    for number, epoch in enumerate(training.epochs, start=1):
        for name, value in _of_epoch(epoch).items():
            if value is not None:
                yield Metric(f"epoch_{name}", value, moment, number)


def _of_epoch(epoch: Epoch) -> dict[str, float | None]:
    return {
        "train_loss_nats": epoch.mean_loss_nats,
        "learning_rate": epoch.learning_rate,
        "train_s": epoch.train_s,
        "input_wait_s": epoch.input_wait_s,
        **{f"validation_{name}": value for name, value in epoch.validation.items()},
    }
