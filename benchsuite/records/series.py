"""Raw samples: what one process measured of one figure, kept beside the record as it comes."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec

from benchsuite.contract.quantity import Quantity
from benchsuite.errors import UsageError
from benchsuite.metrics import METRICS
from benchsuite.records.reading import NOT_OURS, content_of

#: Numbers that a double holds, and so a page's script.
_Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
_Positive = Annotated[int, msgspec.Meta(ge=1, le=1 << 53)]


class AcceleratorReading(msgspec.Struct, frozen=True, kw_only=True):
    """A GPU's state while a figure was sampled, by its driver; None where it does not tell.

    Of both ends of that time, the worse: the lowest clocks, the highest temperature.

    default_sm_mhz: the clock that it has when nothing hinders it.
    reasons: why clocks were lower than they could be: NVML's bits, of both ends together.
    foreign_processes: that computed there too, and do not belong to this one.
    """

    sm_mhz: int | None = None
    memory_mhz: int | None = None
    default_sm_mhz: int | None = None
    temperature_c: int | None = None
    reasons: int | None = None
    foreign_processes: int | None = None


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What else happened while a figure was sampled; None where it cannot be known.

    cores_used: processor time of this process per second, its children's included.
    foreign_fraction: processor time of other programs, as a share of all the machine's CPUs.
    steal_fraction: time that the hypervisor gave to other machines, likewise.
    voluntary_switches, involuntary_switches: of context; the latter are another's doing.
    cpus: on which those of its threads may run that did something meanwhile.
    accelerator: None on a CPU.
    """

    seconds: float
    cores_used: float
    foreign_fraction: float | None = None
    steal_fraction: float | None = None
    minor_faults: int | None = None
    major_faults: int | None = None
    voluntary_switches: int | None = None
    involuntary_switches: int | None = None
    threads: int | None = None
    cpus: tuple[int, ...] | None = None
    accelerator: AcceleratorReading | None = None


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One figure as one process sampled it; one line of the case's file of samples.

    images: in each sample: of a call, or of all calls of a window.
    calls: in each sample.
    samples, warmups: nanoseconds, in the order taken; the first warm-up is the very first call.
    energy_uj: microjoules in each sample; empty where no counter was read.
    flags: what is wrong with it, by the names that docs/reference/flags.md explains.
    round, attempt, place: when it was taken; `place` is its process's turn in the round.
    discarded: whether another attempt took its place.
    declared: of a plugin's probe, what it measures: its figures can be made, and be shown, where
        the plugin is not installed. None of what benchsuite itself measures.
    values: a probe's samples, in its own unit, in place of `samples`.
    refused: why a probe has no samples.
    """

    metric: str
    batch_size: _Count
    images: _Count
    calls: _Positive = 1
    samples: tuple[_Count, ...]
    warmups: tuple[_Count, ...] = ()
    energy_uj: tuple[_Count, ...] = ()
    reading: Reading
    flags: tuple[str, ...] = ()
    round: _Count = 0
    attempt: _Count = 0
    place: _Count = 0
    started: str = ""
    discarded: bool = False
    declared: Quantity | None = None
    values: tuple[float, ...] = ()
    refused: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError for a quantity that nobody declared."""
        if self.declared is None and self.metric not in METRICS:
            raise ValueError(METRICS.undeclared(self.metric))


def append_series(path: Path, series: Iterable[Series]) -> None:
    """Add lines to a case's file of samples; they are on the disk when this returns."""
    with path.open("ab") as file:
        file.write(encode_series(series))
        file.flush()
        os.fsync(file.fileno())


def encode_series(series: Iterable[Series]) -> bytes:
    """The lines of a file of samples."""
    return b"".join(msgspec.json.encode(one) + b"\n" for one in series)


def read_series(path: Path) -> list[Series]:
    """Every whole line of a case's file of samples. Raises UsageError for another file."""
    content = content_of(path)
    try:
        *lines, last = content.split(b"\n")
        series = [msgspec.json.decode(line, type=Series) for line in lines]
        # A last line that is only half there is left out: its writer was killed meanwhile.
        return series if _is_half(last) else [*series, msgspec.json.decode(last, type=Series)]
    except NOT_OURS as error:
        raise UsageError(
            f"'{path}' is not a benchsuite file of samples ({error}): mend it, or move it away"
        ) from error


def _is_half(line: bytes) -> bool:
    """Whether it is nothing, or the beginning of a line of ours."""
    beginning = b'{"metric":'
    if not line.startswith(beginning[: len(line)]):
        return False
    try:
        msgspec.json.decode(line)
    except msgspec.DecodeError:
        return True
    return False
