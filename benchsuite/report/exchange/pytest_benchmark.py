"""The JSON that pytest-benchmark saves: for `pytest-benchmark compare` and tools of trends.

Keys and statistics are those of pytest-benchmark 5 (`pytest_benchmark.stats.Stats`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchsuite.errors import UsageError
from benchsuite.metrics.declared import HOST_LATENCY, INFERENCE, LATENCY, TRAINING
from benchsuite.records import Case, Record, Role, Stored, fields_with
from benchsuite.records.case import USUAL
from benchsuite.records.series import Series, read_series
from benchsuite.records.writing import pretty_json

#: Figures of which every sample is the time of calls of one kind.
_METRICS = tuple(one.name for one in (LATENCY, HOST_LATENCY, INFERENCE, TRAINING))
_NS_PER_S = 1e9
_FORMAT = "5.0.0"
#: As the format has it where it is not known which source ran.
_NO_COMMIT = "unversioned"
#: What tells one benchmark of a metric from another: what every case says of itself in a word.
_PARAMETERS = tuple(
    field
    for field in fields_with(Role.IDENTITY, Role.AXIS, Role.SETTING, Role.REPEAT)
    if not field.endswith("_shape") and USUAL[field] is msgspec.NODEFAULT
)
#: What benchmarks that are shown in one table share: those of other backends are compared there.
_GROUPED = (*(field for field in _PARAMETERS if field != "backend"), "protocol")


def export(cases: Sequence[Stored]) -> str:
    """One benchmark for each measured figure: seconds a call, over the samples of all processes.

    Of records without raw samples, over one value a process. Cases without either are listed
    under `benchsuite`, with their reasons.

    Raises UsageError where cases are of several machines, or one case comes twice: the format
    has one machine a file, and compares files.
    """
    benchmarks = {stored.record.case.id: list(_benchmarks(stored)) for stored in cases}
    if len(benchmarks) < len(cases):
        raise UsageError(
            "several runs hold the same case, and a file of pytest-benchmark holds one run: "
            "export each to a file of its own, and compare the files"
        )
    environment = _environment(cases)
    without = [
        {"case_id": r.case.id, "status": r.status, "reason": r.reason}
        for r in (stored.record for stored in cases)
        if not benchmarks[r.case.id]
    ]
    exported = {
        "machine_info": _machine(environment),
        "commit_info": _commit(environment),
        "benchmarks": [one for found in benchmarks.values() for one in found],
        "datetime": max((stored.record.ended for stored in cases), default=""),
        "version": _FORMAT,
        "benchsuite": {"without_samples": without},
    }
    return pretty_json(exported).decode()


def _environment(cases: Sequence[Stored]) -> Mapping[str, Any]:
    """That of all cases. Raises UsageError where they are of several machines."""
    facts = [stored.environment() for stored in cases]
    machines = {(known.get("host"), known.get("cpu")): known for known in facts}
    if len(machines) > 1:
        raise UsageError(
            f"these cases are of {len(machines)} machines, and a file of pytest-benchmark holds "
            "one: export the runs of each by themselves"
        )
    return next(iter(machines.values()), {})


def _machine(environment: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "node": environment.get("host"),
        "processor": environment.get("cpu"),
        "machine": environment.get("platform"),
        "python_implementation": "CPython",
        "python_version": environment.get("python"),
        "system": str(environment.get("platform", "")).partition("-")[0],
        "release": environment.get("kernel"),
        "cpu": {
            "brand_raw": environment.get("cpu"),
            "count": environment.get("logical_cores"),
            "flags": environment.get("cpu_flags", []),
        },
    }


def _commit(environment: Mapping[str, Any]) -> dict[str, Any]:
    commit, dirty, _ = (environment.get("commit") or _NO_COMMIT).partition("-dirty")
    known = {"id": commit, "dirty": bool(dirty), "project": "benchsuite"}
    return {**known, "time": None, "author_time": None, "branch": "(unknown)"}


def _benchmarks(stored: Stored) -> Iterator[dict[str, Any]]:
    for (metric, batch_size), (seconds, calls) in _timed(stored).items():
        yield {
            **_names(stored.record.case, metric, batch_size),
            "extra_info": _extra(stored.record, metric, batch_size),
            "options": {},
            "stats": {**statistics(seconds), "iterations": calls},
        }


def _timed(stored: Stored) -> dict[tuple[str, int], tuple[NDArray[np.float64], int]]:
    """(metric, batch size) -> seconds a call, (samples,), and the calls in each sample."""
    if not stored.samples.is_file():
        return _of_processes(stored.record)
    found: dict[tuple[str, int], list[Series]] = {}
    for series in read_series(stored.samples):
        if series.metric in _METRICS and series.samples and not series.discarded:
            found.setdefault((series.metric, series.batch_size), []).append(series)
    return {
        key: (
            np.concatenate([np.divide(one.samples, _NS_PER_S * one.calls) for one in group]),
            group[0].calls,
        )
        for key, group in found.items()
    }


def _of_processes(record: Record) -> dict[tuple[str, int], tuple[NDArray[np.float64], int]]:
    """The same from the values of each process, as old records have them."""
    return {
        (one.metric, one.batch_size): (
            np.divide(one.batch_size, one.values)
            if one.unit == "images/s"
            else np.array(one.values),
            1,
        )
        for one in record.findings.measurements
        if one.metric in _METRICS and one.batch_size and one.values
    }


def _names(case: Case, metric: str, batch_size: int) -> dict[str, Any]:
    """Names that are the same in every run of the case: comparisons go by `fullname`."""
    parameters = {name: str(getattr(case, name)) for name in _PARAMETERS}
    parameters["batch_size"] = str(batch_size)
    param = "-".join(parameters.values())
    shared = ", ".join(str(getattr(case, name)) for name in _GROUPED)
    return {
        "group": f"{metric}, batch {batch_size}: {shared}",
        "name": f"{metric}[{param}]",
        "fullname": f"{case.id}::{metric}[{param}]",
        "params": parameters,
        "param": param,
    }


def _extra(record: Record, metric: str, batch_size: int) -> dict[str, Any]:
    """The figure as benchsuite has it: over processes, with its interval and flags."""
    size, figure = record.findings.size, record.measurement(metric, batch_size)
    told = ("unit", "value", "low", "high", "flags")
    return {
        "run": record.run,
        "case_id": record.case.id,
        "fingerprint": size.fingerprint if size else None,
        "versions": record.findings.versions,
        "figure": {name: getattr(figure, name) for name in told} if figure else None,
    }


def statistics(seconds: NDArray[np.float64]) -> dict[str, Any]:
    """pytest-benchmark's summary of samples in seconds, (N,), of one or more.

    Its quartiles are those of Hazen (Hyndman and Fan 1996, definition 5); outliers lie beyond
    one standard deviation from the mean, or 1.5 interquartile ranges from a quartile.
    """
    q1, median, q3 = np.quantile(seconds, (0.25, 0.5, 0.75), method="hazen")
    mean, iqr = seconds.mean(), q3 - q1
    # pytest-benchmark, too, gives one round no deviation.
    stddev = seconds.std(ddof=1) if len(seconds) > 1 else 0.0
    within = seconds[(seconds >= q1 - 1.5 * iqr) & (seconds <= q3 + 1.5 * iqr)]
    far = int((np.abs(seconds - mean) > stddev).sum())
    numbers = {
        "min": seconds.min(),
        "max": seconds.max(),
        "mean": mean,
        "stddev": stddev,
        "median": median,
        "iqr": iqr,
        "q1": q1,
        "q3": q3,
        "ld15iqr": within.min(),
        "hd15iqr": within.max(),
        "ops": 1 / mean,
        "total": seconds.sum(),
    }
    outliers = len(seconds) - len(within)
    return {
        **{name: float(number) for name, number in numbers.items()},
        "rounds": len(seconds),
        "stddev_outliers": far,
        "iqr_outliers": outliers,
        "outliers": f"{far};{outliers}",
    }
