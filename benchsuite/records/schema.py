"""The record: everything that is known of one case, and the source of every view.

History of `SCHEMA_VERSION`:
1  first version
2  a recipe holds the keys of its file; of each epoch also what was validated
3  a measurement has a value for each process, and an interval; raw samples are beside the record
4  a case's `environment` is called `process_settings`; the task `learn` is called `train`; a
   measurement has a label; a record says why it did not end well in a word too, its `cause`
"""

from __future__ import annotations

import math
from typing import Any, Literal

import msgspec

from benchsuite.contract.quantity import Quantity
from benchsuite.contract.training import Normalizer
from benchsuite.hooks import Source
from benchsuite.records.case import Case, Int
from benchsuite.records.causes import Cause, Status
from benchsuite.records.proof import Proof, worst

SCHEMA_VERSION = 4


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One figure, from raw samples that are kept beside the record.

    metric: the quantity that it is of. unit, better, label: what its declaration says of it, so
        that a probe's figure is shown where its plugin is not installed.
    values: one a process, in the order of `rounds`.
    samples: raw ones, of all processes together.
    value, low, high: the figure and its 95 % interval; None where the samples do not carry it.
    bound: of a tail's percentile, what it is below with 99 % confidence.
    margin: the smallest ratio of two such figures, less one, that counts as a difference here.
    flags: what is wrong with it. refused: why there is no value.
    """

    metric: str
    unit: str
    better: Literal["higher", "lower"]
    label: str
    batch_size: Int | None = None
    values: tuple[float, ...]
    rounds: tuple[Int, ...] = ()
    samples: Int
    value: float | None
    low: float | None = None
    high: float | None = None
    bound: float | None = None
    margin: float | None = None
    flags: tuple[str, ...] = ()
    refused: str = ""

    @classmethod
    def of(cls, quantity: Quantity, **found: Any) -> Measurement:  # noqa: ANN401 - its other fields
        """One of a declared quantity: code makes them in no other way."""
        told = {name: getattr(quantity, name) for name in ("unit", "better", "label")}
        return cls(metric=quantity.name, **told, **found)


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """What the graph says of the network, and what the backend counted on its own object.

    MACs and FLOPs (2 × MACs) are for one image of `Case.input_shape`.
    architecture_fingerprint: of the network at its own input and classes, whatever the case's:
        certificates refer to it. Empty in records older than certificates.

    activations_peak_elements: the most that are alive at once in inference, for one image.
    activations_total_elements: of all nodes' outputs, which training keeps, at the most.
    moved_elements, training_moved_elements: of activations, and of their gradients, that are
        read and written for one image, at least.
    training_macs: for one image: forward pass, and gradients by inputs and weights.
        `benchsuite.graph.footprint` has the rules of these; None where nobody counted.

    Of a natively written model there is no graph: both fingerprints are empty, its own object
    gives all counts, and activations are not known.
    """

    fingerprint: str
    architecture_fingerprint: str = ""
    parameters: Int
    buffers: Int
    macs: Int
    flops: Int
    native_parameters: Int
    native_macs: Int
    native_counter: str
    activations_peak_elements: Int | None = None
    activations_total_elements: Int | None = None
    moved_elements: Int | None = None
    training_moved_elements: Int | None = None
    training_macs: Int | None = None


class Digests(msgspec.Struct, frozen=True, kw_only=True):
    """sha256 of what a fair comparison must share; rows compare only where these agree."""

    data: str
    split: str
    order: str
    initial_weights: str
    train_fingerprint: str


class Epoch(msgspec.Struct, frozen=True, kw_only=True):
    """One pass over the training split, or the part of it that `max_steps` left.

    learning_rate: of its last step.
    train_s: wall time without compilation, of which `input_wait_s` were spent waiting for batches;
        None where the framework makes them itself.
    compile_s: what the first step of a process took longer than the mean of the others, which
        `train_s` leaves out; None in later epochs, and where it cannot be told apart.
    validation: metric -> figure, after it.
    """

    steps: Int
    images: Int
    mean_loss_nats: float | None
    learning_rate: float
    train_s: float
    input_wait_s: float | None
    compile_s: float | None = None
    validation: dict[str, float | None] = {}


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """How training went and what it led to: metric -> figure, on the core's own splits.

    A figure that is not finite is None, and so are all of them where training diverged.
    test_recall_by_class: of each class, the share of its test images that are recognised; None
        where it has none.
    ended: `epochs`, `max_steps`, `target`, `no improvement` or `diverged`.
    time_to_target_s: of training, validation apart; None where there is no target, or it was
        not reached.
    flags: what is wrong with its times, by the names that docs/reference/flags.md explains.
    """

    digests: Digests
    normalizer: Normalizer
    split_sizes: dict[str, Int]
    step_losses: tuple[float | None, ...]
    epochs: tuple[Epoch, ...]
    ended: str
    time_to_target_s: float | None = None
    validation: dict[str, float | None]
    test: dict[str, float | None]
    test_recall_by_class: tuple[float | None, ...] = ()
    flags: tuple[str, ...] = ()


class Roofline(msgspec.Struct, frozen=True, kw_only=True):
    """A measured throughput beside what the device could do (Williams, Waterman, Patterson 2009).

    metric, batch_size: of the measurement.
    intensity_flops_per_byte: operational: FLOPs over the bytes that must move at least.
    achieved_flops_per_s: 2 × MACs × images per second, in training of its own MACs.
    ceiling_flops_per_s, bytes_per_s: the best that any backend reached with this device,
        precision and threads, and `ceiling_backend`, `bytes_backend` which did.
    attainable_flops_per_s: the lesser of the ceiling and intensity × bytes per second.
    share_of_ceiling: achieved over ceiling.

    None where nobody looked for ceilings (`benchsuite doctor --ceilings`), or the network has
    no graph.
    """

    metric: str
    batch_size: Int
    intensity_flops_per_byte: float | None = None
    achieved_flops_per_s: float
    ceiling_flops_per_s: float | None = None
    ceiling_backend: str = ""
    bytes_per_s: float | None = None
    bytes_backend: str = ""
    attainable_flops_per_s: float | None = None
    share_of_ceiling: float | None = None


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """Wall time of one part of a worker's life; `measuring` tells work from start-up."""

    task: str
    name: str
    seconds: float
    measuring: bool


class Overflow(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that memory did not hold.

    metric: of the measurement that it was for; of training, `training` or `evaluation`.
    """

    metric: str
    batch_size: int
    reason: str


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What one worker process found out; a record joins those of all its tasks.

    sources: the code that ran, of the `backend` and of the `reference`.
    proofs: what the processes have proven of their own figures; empty where nobody looked.
    """

    size: Size | None = None
    training: Training | None = None
    measurements: tuple[Measurement, ...] = ()
    rooflines: tuple[Roofline, ...] = ()
    overflows: tuple[Overflow, ...] = ()
    proofs: tuple[Proof, ...] = ()
    phases: tuple[Phase, ...] = ()
    # msgspec copies an empty default for every record.
    versions: dict[str, str] = {}
    sources: dict[str, Source] = {}
    device_name: str = ""
    ledger: dict[str, str] = {}


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One case and its outcome, whatever it was.

    cause, reason: why its status is what it is, as a word and as a sentence; empty where it is ok.
    ledger: every setting that decides speed or numbers, by task, as read back.
    started, ended: ISO 8601, UTC.
    key: what the result depends on besides the case; a resumed run does again what has another.
    """

    schema: Int = SCHEMA_VERSION
    benchsuite_version: str
    run: str
    case: Case
    status: Status
    cause: Cause = ""
    reason: str = ""
    equality: str = "unproven"
    findings: Findings = Findings()
    started: str
    ended: str
    log_tail: str = ""
    key: dict[str, str] = {}

    @property
    def trained(self) -> Training | None:
        """Its training, where an epoch of it was begun."""
        training = self.findings.training
        return training if training and training.epochs else None

    @property
    def row_key(self) -> str:
        """By which views know it: its run and its case."""
        return f"{self.run}/{self.case.id}"

    @property
    def comparison_key(self) -> tuple[object, ...]:
        """What rows share that may be compared: the case but for its backend, and the hardware."""
        return (*self.case.comparison_key, self.findings.device_name)

    def measurement(self, metric: str, batch_size: int | None = None) -> Measurement | None:
        """The measurement of that name, and of that batch size where one is given, if any."""
        found = (m for m in self.findings.measurements if m.metric == metric)
        return next((m for m in found if batch_size in (None, m.batch_size)), None)


def finite(value: float) -> float | None:
    """The value, or None where it is none: JSON knows neither NaN nor infinity."""
    return value if math.isfinite(value) else None


def join(parts: list[Findings]) -> Findings:
    """The findings of several tasks of one case as one."""
    sizes = [part.size for part in parts if part.size]
    trainings = [part.training for part in parts if part.training]
    return Findings(
        size=sizes[0] if sizes else None,
        training=trainings[0] if trainings else None,
        measurements=tuple(m for part in parts for m in part.measurements),
        rooflines=tuple(roofline for part in parts for roofline in part.rooflines),
        overflows=tuple(overflow for part in parts for overflow in part.overflows),
        proofs=worst([proof for part in parts for proof in part.proofs]),
        phases=tuple(phase for part in parts for phase in part.phases),
        versions={key: value for part in parts for key, value in part.versions.items()},
        sources={key: value for part in parts for key, value in part.sources.items()},
        device_name=next((part.device_name for part in parts if part.device_name), ""),
        ledger={key: value for part in parts for key, value in part.ledger.items()},
    )
