"""Speed of a user's own networks under pytest-benchmark, with benchsuite's clock.

Installed as a pytest plugin, which imports nothing before it is used. In a test of your own:

    def test_latency(benchmark_session):
        session = benchsuite.load("my_network", backend="torch", device="cuda")
        benchmark_session(session, batch_size=1)

Figures are one process's, as all of pytest-benchmark's: for comparing commits, not frameworks.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from benchsuite.contract import Session

#: `inference` is a forward pass, `training` a step: forward, backward and update.
_KINDS = ("inference", "training")


@pytest.fixture
def benchmark_session(benchmark: Any) -> Callable[..., None]:  # noqa: ANN401 - pytest-benchmark's
    """(session, batch_size=1, kind="inference"): time calls of a session to their very end.

    Each sample runs from an idle device to an idle device, on distinct inputs that take turns.
    `extra_info` gets the images per second. Raises ValueError for another kind.
    """
    from benchsuite.measure.protocol import QUICK
    from benchsuite.measure.scenarios import quiet_collector, synthetic_batches

    def run(session: Session, batch_size: int = 1, kind: str = "inference") -> None:
        if kind not in _KINDS:
            raise ValueError(f"kind '{kind}' is none of {', '.join(_KINDS)}")
        classes = session.graph.output.shape[0]
        batches = synthetic_batches(session, batch_size, QUICK, classes, seed=0)
        pool = itertools.cycle([session.place(batch) for batch in batches])

        def call() -> None:
            if kind == "training":
                session.train([next(pool)], [0.0])
            else:
                session.infer(next(pool))
            session.synchronize()

        for _ in range(QUICK.slow_warmup_calls):
            call()
        with quiet_collector():
            benchmark(call)
        benchmark.extra_info.update(
            architecture=session.graph.name,
            kind=kind,
            batch_size=batch_size,
            **session.settings(),
        )
        if benchmark.stats:  # None where benchmarks are disabled
            rate = batch_size / benchmark.stats.stats.median
            benchmark.extra_info["images_per_s"] = rate

    return run
