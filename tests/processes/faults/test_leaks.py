"""Two hundred cases in one process: it holds no more in the end than after the first."""

import gc

import psutil
import pytest

pytestmark = pytest.mark.faults

CASES, SETTLED = 200, 40
#: Records of all cases are the run's result, and are held until it ends.
MEMORY_OF_A_CASE_BYTES = 64 * 1024


class Notes:
    """An observer that inspections at its own process as each case ends."""

    def __init__(self):
        self.own = psutil.Process()
        self.seen = []

    def __getattr__(self, name):
        return lambda *_: None

    def case_ended(self, record):
        gc.collect()
        children = self.own.children(recursive=True)
        zombies = [c for c in children if c.status() == psutil.STATUS_ZOMBIE]
        self.seen.append(
            {
                "statuses": record.status,
                "bytes": self.own.memory_info().rss,
                "files": self.own.num_fds(),
                "threads": self.own.num_threads(),
                "zombies": len(zombies),
                "children": len(children),
            }
        )


@pytest.mark.slow
def test_two_hundred_cases_leave_nothing_behind(run_cases):
    notes = Notes()

    run_cases(["numpy"], notes, seeds=list(range(CASES)), limit=20, batch_size=4)

    assert len(notes.seen) == CASES
    assert {one["statuses"] for one in notes.seen} == {"ok"}
    settled = notes.seen[SETTLED:]
    for what in ("files", "threads", "zombies", "children"):
        counts = {one[what] for one in settled}
        assert len(counts) == 1, (what, counts)
    assert settled[0]["zombies"] == 0
    grown = settled[-1]["bytes"] - settled[0]["bytes"]
    assert grown < len(settled) * MEMORY_OF_A_CASE_BYTES
