"""What is wrong with a figure, by name: every rule of docs/reference/flags.md."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import mean, median, stdev

import numpy as np

from benchsuite.measure.machine.accelerator import SLOWDOWN, SW_POWER_CAP
from benchsuite.metrics.declared import INFERENCE
from benchsuite.records import Measurement, Record
from benchsuite.records.series import AcceleratorReading, Reading

#: Of one process.
FOREIGN_FRACTION, STEAL_FRACTION = 0.06, 0.01
CORES_USED_SHARE = 0.75
FAULTS_PER_CALL, SWITCHES_PER_S = 500, 50
DRIFT = 0.03
#: nvbench's: of the SM clock's default, below which it discards a sample.
CLOCK_SHARE = 0.75
#: Of all processes together.
NOISY = {"lower": 0.05, "higher": 0.10}
GAP, STRAGGLER = 0.15, 0.15
#: Of the anchor, from round to round.
UNSTABLE = 0.05
_MOST = 0.5
_THIRDS = 3
_FEWEST_FOR_DRIFT = 9  # the median of a third is one of three calls at least

#: Of a figure at another batch than the case's, which memory did not hold.
BACKED_OFF = "backed_off"

#: Of two rows whose ratios follow each other from round to round: no rounds of one run tell a
#: difference from noise that lasts on one side.
AUTOCORRELATED = "autocorrelated"

#: Flags under which a figure takes part in no verdict.
DISQUALIFYING = frozenset(
    {
        *("contaminated", "stolen", "misbound", "not_steady", "drift"),
        *("bimodal", "unsynchronized", "cached", "sync_bound", "unstable_host"),
        *("throttled", "slow_clock", "not_cooled", BACKED_OFF),
    }
)
#: Of figures of one case that were not measured alike, or contradict each other.
INCONSISTENT = frozenset({"mixed_settings", "inconsistent"})
#: Flags under which it is doubtful, and never the best. A spread alone forbids no verdict: the
#: ratios of paired rounds have an interval of their own.
DOUBTFUL = DISQUALIFYING | INCONSISTENT | {"noisy", "wide"}
#: Flags of a process that is repeated, since another may well go without them.
PASSING = frozenset({"contaminated", "throttled"})


def process_flags(
    reading: Reading, *, cpus: Sequence[int] | None, calls: int, tuned: bool
) -> list[str]:
    """Of one figure of one process, besides `not_steady`, which its warm-up knows.

    cpus: on which its threads compute; None where an accelerator does.
    calls: that its samples are made of, all together.
    """
    misbound = None not in (cpus, reading.cpus) and set(reading.cpus or ()) != set(cpus or ())
    # Where an accelerator computes, the cores of the host idle by nature.
    idle = cpus is not None and reading.cores_used < CORES_USED_SHARE * len(cpus)
    faults = (reading.minor_faults or 0) / calls
    threads = reading.threads or 1
    switched = (reading.involuntary_switches or 0) / reading.seconds / threads
    gpu = reading.accelerator or AcceleratorReading()
    foreign = (reading.foreign_fraction or 0.0) > FOREIGN_FRACTION
    found = {
        "contaminated": foreign or bool(gpu.foreign_processes),
        "stolen": (reading.steal_fraction or 0.0) > STEAL_FRACTION,
        "misbound": misbound,
        "under_parallel": misbound or idle,
        # The stock allocator gives memory back after each call: there, faults are usual.
        "alloc_bound": tuned and faults > FAULTS_PER_CALL,
        "preempted": switched > SWITCHES_PER_S,
        "power_capped": bool((gpu.reasons or 0) & SW_POWER_CAP),
        "throttled": bool((gpu.reasons or 0) & SLOWDOWN),
        "slow_clock": _is_slow(gpu),
    }
    return [name for name, is_so in found.items() if is_so]


def _is_slow(gpu: AcceleratorReading) -> bool:
    if gpu.sm_mhz is None or gpu.default_sm_mhz is None:
        return False
    return gpu.sm_mhz < CLOCK_SHARE * gpu.default_sm_mhz


def drift_flags(processes: Sequence[Sequence[int]]) -> list[str]:
    """Of one figure: whether its processes slow down, or speed up, while they are sampled.

    What goes up in one process and down in the next is their spread, which intervals hold.
    """
    drifts = [_drift(samples) for samples in processes if len(samples) >= _FEWEST_FOR_DRIFT]
    return ["drift"] if drifts and abs(median(drifts)) > DRIFT else []


def _drift(samples: Sequence[int]) -> float:
    """From the median of the first third to that of the last, such as 0.03."""
    third = len(samples) // _THIRDS
    return float(np.median(samples[-third:]) / np.median(samples[:third])) - 1


def is_unstable(anchors: Sequence[float]) -> bool:
    """Whether the machine itself was another one from round to round; one value for each."""
    return len(anchors) > 1 and stdev(anchors) / mean(anchors) > UNSTABLE


def flags_of_most(processes: Sequence[Sequence[str]]) -> list[str]:
    """The flags of a figure, from those of each process, in the order met.

    Single processes that went wrong are what a median is for; what is repeated always counts.
    """
    met = dict.fromkeys(flag for flags in processes for flag in flags)
    shares = {flag: sum(flag in flags for flags in processes) / len(processes) for flag in met}
    return [f for f, share in shares.items() if f in PASSING or share > _MOST]


def spread_flags(values: Sequence[float], better: str) -> list[str]:
    """Of one figure over processes: one value each."""
    if len(values) < 2:  # noqa: PLR2004 - one has no spread
        return []
    found = {
        "noisy": stdev(values) / mean(values) > NOISY[better],
        "bimodal": modes(values) is not None,
        "straggler": bool(stragglers(values)),
    }
    return [name for name, is_so in found.items() if is_so]


def modes(values: Sequence[float]) -> tuple[list[float], list[float]] | None:
    """Two groups with two processes or more in each, apart by more than 15 % of the median."""
    ordered = sorted(values)
    gaps = [after - before for before, after in pairwise(ordered)]
    if not gaps:
        return None
    cut = int(np.argmax(gaps)) + 1
    low, high = ordered[:cut], ordered[cut:]
    least = 2
    if min(len(low), len(high)) < least or max(gaps) <= GAP * median(ordered):
        return None
    return low, high


def stragglers(values: Sequence[float]) -> list[int]:
    """Places of single processes more than 15 % off the median of the rest."""
    if len(values) < 3 or modes(values):  # noqa: PLR2004 - of two, either could be meant
        return []
    return [
        place
        for place, value in enumerate(values)
        if abs(value / median([*values[:place], *values[place + 1 :]]) - 1) > STRAGGLER
    ]


def at_own_batch(record: Record, metric: str) -> Measurement | None:
    """The figure at the case's own batch, or at what it was backed off to, which is flagged.

    Only the inference throughput is measured at several: none of the others will do for it.
    """
    if metric != INFERENCE.name:
        return record.measurement(metric)
    of_metric = (one for one in record.findings.measurements if one.metric == metric)
    backed_off = next((one for one in of_metric if BACKED_OFF in one.flags), None)
    return record.measurement(metric, record.case.inference_batch_size) or backed_off
