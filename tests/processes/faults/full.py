"""A plugin whose backends need more memory than there is, each in its own way (`-p`)."""

import mmap
import os
import resource
import signal
import time
from pathlib import Path

from benchsuite_example.backend import LinearBackend, LinearSession

from benchsuite import Target, hookimpl
from benchsuite.contract import Normalizer
from benchsuite.processes.kernel import limited_bytes

#: Images that fit, in inference and in a timed training step.
FITS, FITS_TRAINING = 24, 12


class _FullSession(LinearSession):
    def infer(self, placed):
        if len(placed.images) > FITS:
            self.overflow()
        return super().infer(placed)

    def train(self, batches, learning_rates):
        batches = list(batches)
        if self.is_timed and any(len(batch.images) > FITS_TRAINING for batch in batches):
            self.overflow()
        return super().train(batches, learning_rates)

    @property
    def is_timed(self):
        return self._setup.normalizer == Normalizer()

    def overflow(self):
        raise MemoryError("cannot allocate 9 TB")


class _AbortingSession(_FullSession):
    def overflow(self):
        os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
        os.abort()


class _FullInTrainingSession(_FullSession):
    @property
    def is_timed(self):
        return not super().is_timed


class _FullOfAnythingSession(_FullSession):
    """Not even one image fits, but in the first process of a case, which is never forked."""

    def infer(self, placed):
        if os.getppid() != int(os.environ["BENCHSUITE_PARENT"]):
            self.overflow()
        return LinearSession.infer(self, placed)


class _TellingSession(LinearSession):
    """Its settings are what the kernel was asked for."""

    def settings(self):
        limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
        return {
            "oom_score_adj": Path("/proc/self/oom_score_adj").read_text().strip(),
            "limit": str(limit),
        }


class Overfull(LinearBackend):
    session = _FullSession

    def open(self, graph, weights, setup):
        return self.session(graph, weights, setup)


class OverfullAborting(Overfull):
    session = _AbortingSession


class OverfullInTraining(Overfull):
    session = _FullInTrainingSession


class OverfullAlways(Overfull):
    session = _FullOfAnythingSession


class Telling(Overfull):
    session = _TellingSession


class Greedy(LinearBackend):
    """Wants more than its limit."""

    def open(self, graph, weights, setup):
        if setup.normalizer != Normalizer():
            bytearray(8 * 2**30)
        return super().open(graph, weights, setup)


class SilentlyGreedy(LinearBackend):
    """Comes near its limit, and dies without a word."""

    def open(self, graph, weights, setup):
        if setup.normalizer != Normalizer():
            limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
            left = limit - limited_bytes(os.getpid())
            self.held = mmap.mmap(-1, int(0.97 * left), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            time.sleep(2.5)
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().open(graph, weights, setup)


class Threadless(LinearBackend):
    """Has no room for the stack of a thread."""

    def open(self, graph, weights, setup):
        if setup.normalizer != Normalizer():
            raise RuntimeError("can't start new thread")
        return super().open(graph, weights, setup)


class TakenByTheKernel(LinearBackend):
    """Killed, while the count of such deaths goes up."""

    def open(self, graph, weights, setup):
        if setup.normalizer != Normalizer():
            Path(os.environ["VMSTAT_OF_THIS_TEST"]).write_text("pgfault 7\noom_kill 4\n")
            os.kill(os.getpid(), signal.SIGKILL)
        return super().open(graph, weights, setup)


KINDS = (
    *(Overfull, OverfullAborting, OverfullInTraining, OverfullAlways),
    *(Telling, Greedy, SilentlyGreedy, Threadless, TakenByTheKernel),
)


@hookimpl
def benchsuite_backends():
    return {
        kind.__name__.lower(): Target(f"full:{kind.__name__}", "needs memory", by_default=False)
        for kind in KINDS
    }
