"""The quiet gate: a clock starts only when other programs leave the machine alone."""

from benchsuite.measure.machine.watch import Watch, watched
from benchsuite.records.series import Reading

#: Other programs' share of all CPUs above which a window is not quiet.
QUIET_FRACTION = 0.04
WINDOW_S = 0.7
WINDOWS = 2


def is_quiet(reading: Reading) -> bool:
    """Whether other programs stayed out of the way; where nobody can tell, it is taken so."""
    return (reading.foreign_fraction or 0.0) < QUIET_FRACTION


def wait_for_quiet(before: Watch, longest_s: float) -> float:
    """Wait until two windows of 0.7 s in a row are quiet, and return the seconds waited.

    before: watched while this process got ready. Where that was as long as two windows and
    quiet, nobody waits at all. After `longest_s` it goes on all the same: what is measured then
    is watched too, and flagged.
    """
    ready = before.reading()
    if ready.seconds >= WINDOWS * WINDOW_S and is_quiet(ready):
        return 0.0
    waited, quiet = 0.0, 0
    while quiet < WINDOWS and waited < longest_s:
        quiet = quiet + 1 if is_quiet(watched(WINDOW_S)) else 0
        waited += WINDOW_S
    return waited
