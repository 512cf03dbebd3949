"""Training on the core's splits, and what it led to."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import IdiomaticSession, Metric, NativeModel, Session
from benchsuite.data import Fold, PreparedData, TrainingBatches, digest_order, load_source, prepare
from benchsuite.errors import BenchsuiteError
from benchsuite.graph.weights import digest_weights
from benchsuite.measure.machine.watch import Watch
from benchsuite.processes.messages import Trying
from benchsuite.records import Case, Digests, Findings, Proof, Training, finite
from benchsuite.records.predictions import Predictions, write_predictions
from benchsuite.training.checkpoint import Checkpoints
from benchsuite.training.evaluation import (
    EVALUATION_BATCH_SIZE,
    cross_entropies,
    evaluate,
    judge,
    predict_split,
    recall_by_class,
)
from benchsuite.training.evaluation_proofs import EvaluationWitness
from benchsuite.training.idiomatic import train_idiomatically
from benchsuite.training.loop import Trained, train
from benchsuite.worker.tasks.context import TaskContext, flags_of

#: Of training's time, within which predictions in batches of further sizes are begun.
_SIZES_SHARE = 0.005


_SPLITS = ("train", "validation", "test")


def train_and_evaluate(task: TaskContext) -> Iterator[Findings]:
    """Train on the core's splits, from the core's weights, and evaluate from raw logits."""
    case = task.case
    with task.phase("data", measuring=False):
        data, classes = _data(task)
        # Before the training, which a metric that cannot be loaded is not to cost.
        metrics = [entry.load() for entry in task.plugins.metrics.values()]
    session = task.open_to_train(data.normalizer, classes)
    digests = _digests(session, data, case)
    task.announce(Trying("training", case.recipe.batch_size, _in_parts(case)))
    watch = Watch(case.device)
    with task.phase("train", measuring=True):
        trained = _train(task, session, data, digests, metrics)
    flags = flags_of(task, watch.reading(), calls=max(1, trained.steps))
    task.announce(Trying("evaluation", EVALUATION_BATCH_SIZE))
    with task.phase("evaluate", measuring=True):
        logits = _test_logits(session, data, trained)
    with task.phase("proof", measuring=False):
        proofs = [] if logits is None else _proofs(task, session, data, logits)
    failed = [proof.detail for proof in proofs if not proof.passed]
    judged = None if failed else logits
    yield Findings(
        training=Training(
            digests=digests,
            normalizer=data.normalizer,
            split_sizes={name: len(getattr(data, name).labels) for name in _SPLITS},
            step_losses=tuple(finite(loss) for loss in trained.losses),
            epochs=tuple(trained.epochs),
            ended=trained.ended,
            time_to_target_s=trained.time_to_target_s,
            validation=trained.kept.validation if trained.kept else {},
            test={} if judged is None else judge(judged, data.test, metrics),
            test_recall_by_class=()
            if judged is None
            else tuple(recall_by_class(judged, data.test.labels)),
            flags=tuple(flags),
        ),
        proofs=tuple(proofs),
    )
    if logits is None:
        raise BenchsuiteError(_how_it_diverged(trained))
    if failed:
        raise BenchsuiteError(f"its test figures are refused: {'; '.join(failed)}")
    if task.job.files.predictions:
        labels, losses = data.test.labels, cross_entropies(logits, data.test.labels)
        predictions = Predictions(data.test_positions, labels, logits.argmax(axis=1), losses)
        write_predictions(Path(task.job.files.predictions), predictions)
    yield task.machine_facts(session)


def _data(task: TaskContext) -> tuple[PreparedData, int]:
    """The splits, normalised as the network wants it, and how many classes they have."""
    case = task.case
    dataset = load_source(case.dataset, task.plugins.datasets, skip_bad=case.bad_images == "skip")
    fold = Fold(*case.fold) if case.fold else None
    data = prepare(dataset, case.train_input_shape, case.seed, case.limit, fold)
    network = task.network()
    if isinstance(network, NativeModel) and network.normalizer:
        data = replace(data, normalizer=network.normalizer)
    return data, len(dataset.class_names)


def _train(
    task: TaskContext, session: Session, data: PreparedData, digests: Digests, metrics: list[Metric]
) -> Trained:
    """In the case's division."""
    case = task.case
    validate = partial(evaluate, session, data.validation, data.normalizer, metrics)
    if isinstance(session, IdiomaticSession):
        return train_idiomatically(session, data.train, case.recipe, validate, task.tell)
    batches = TrainingBatches(data.train, session.graph, case.recipe, case.seed)
    return train(session, batches, validate, task.tell, _checkpoints(task, digests))


def _checkpoints(task: TaskContext, digests: Digests) -> Checkpoints | None:
    """Where this very training goes on: of the same data, weights and versions."""
    if not task.job.files.checkpoint:
        return None
    same = [task.case, digests, sorted(task.backend.versions().items())]
    key = hashlib.sha256(msgspec.json.encode(same)).hexdigest()
    return Checkpoints(Path(task.job.files.checkpoint), task.job.files.checkpoint_epochs, key)


def _test_logits(
    session: Session, data: PreparedData, trained: Trained
) -> NDArray[np.float64] | None:
    """Of the test split; None where training diverged, which may show here alone."""
    found: list[NDArray[np.floating]] = []
    if trained.ended != "diverged":
        trained.expect_finite(
            lambda: found.append(predict_split(session, data.test, data.normalizer))
        )
    return found[0].astype(np.float64) if found else None


def _proofs(
    task: TaskContext, session: Session, data: PreparedData, logits: NDArray[np.float64]
) -> list[Proof]:
    """Of the evaluation; further sizes of batches within a share of training's time."""
    trained_s = {phase.name: phase.seconds for phase in task.phases}["train"]
    compiles = task.case.tier == "compiled"
    witness = EvaluationWitness(
        session,
        data.test,
        data.normalizer,
        logits,
        task.case.precision,
        -1.0 if compiles else _SIZES_SHARE * trained_s,
    )
    return list(witness.proofs())


def _digests(session: Session, data: PreparedData, case: Case) -> Digests:
    """Of what the session is about to be trained from."""
    return Digests(
        data=data.data_digest,
        split=data.split_digest,
        order=digest_order(len(data.train.labels), case.seed, case.recipe.epochs),
        initial_weights=digest_weights(session.weights()),
        train_fingerprint=session.graph.fingerprint if case.origin == "graph" else "",
    )


def _in_parts(case: Case) -> str:
    """What takes the very same batch with less memory, where it was not asked for."""
    if case.division != "matched" or case.recipe.micro_batches > 1:
        return ""
    return "--set micro_batches=2 takes each step in two parts"


def _how_it_diverged(trained: Trained) -> str:
    if trained.fault:
        return f"training diverged {trained.fault}"
    step = trained.diverged_at
    which = f"of epoch {len(trained.epochs)}" if step is None else f"of step {step + 1}"
    loss = "not finite" if step is None else trained.losses[step]
    return (
        f"training diverged: the loss {which} is {loss}; a lower learning rate (--set lr=…) may "
        "help"
    )


def import_data_set(task: TaskContext) -> None:
    """Import what makes the data set: scikit-learn's import takes longer than many a training."""
    task.plugins.datasets.find(task.case.dataset)[0].load()
