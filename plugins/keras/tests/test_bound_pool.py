"""TensorFlow's pool inherits the binding of whatever OpenMP library is in the process.

https://github.com/tensorflow/tensorflow/issues/60843
"""

import json
import os
import subprocess
import sys

import pytest

from benchsuite_keras import benchsuite_backends

TARGET = benchsuite_backends()["keras-tensorflow"]
SCRIPT = """
import json
from benchsuite.measure.machine.facts import usable_cpus
from benchsuite.measure.flags import process_flags
from benchsuite.measure.machine.watch import Watch

cpus = usable_cpus()[:2]
import sklearn.utils._openmp_helpers  # brings libgomp, which binds this thread where it is told to

import numpy as np
from benchsuite import load
from benchsuite.contract import Batch

session = load("cnn_basic", backend="keras-tensorflow")
images = np.random.default_rng(0).normal(size=(128, 32, 32, 3)).astype(np.float32)
placed = session.place(Batch(images, np.zeros(128, np.int64)))
session.infer(placed)
watch = Watch()
for _ in range(60):
    session.infer(placed)
found = process_flags(watch.reading(), cpus=cpus, calls=60, tuned=False)
print(json.dumps(found))
"""


@pytest.mark.slow
@pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2,
    reason="a binding shows where threads have a choice of CPUs",
)
@pytest.mark.skipif(bool(TARGET.missing()), reason="needs TensorFlow")
@pytest.mark.parametrize("binding", [{}, {"OMP_PROC_BIND": "close", "OMP_PLACES": "cores"}])
def test_pool_that_is_bound_to_one_cpu_is_flagged(binding):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OMP_")}
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**kept, **TARGET.environment, **binding},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    flags = set(json.loads(run.stdout.splitlines()[-1]))
    assert (flags >= {"misbound", "under_parallel"}) == bool(binding)
