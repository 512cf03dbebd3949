import os
import subprocess
import sys
from dataclasses import replace
from importlib import metadata

import pytest

from benchsuite.contract import Setup
from benchsuite.errors import UnsupportedError, UsageError
from benchsuite.graph import Graph
from benchsuite.testing import random_weights


def test_versions_are_those_installed(backend, framework):
    versions = backend.versions()
    assert versions["keras"] == metadata.version("keras")
    modules = {"tensorflow": {"tensorflow"}, "jax": {"jax", "jaxlib"}, "torch": {"torch"}}
    gpus = {"cuda", "cudnn"}
    named = {"keras", *modules[framework]}
    assert named <= set(versions) <= named | gpus
    assert all(versions.values())


def test_versions_are_those_that_the_framework_was_built_with(backend, framework, monkeypatch):
    if framework == "tensorflow":
        import tensorflow as tf

        build = {"is_cuda_build": True, "cuda_version": "12.5.1", "cudnn_version": "9"}
        monkeypatch.setattr(tf.sysconfig, "get_build_info", lambda: build)
        expected = {"cuda": "12.5.1", "cudnn": "9"}
    elif framework == "torch":
        import torch

        monkeypatch.setattr(torch.version, "cuda", "12.8")
        monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91002)
        expected = {"cuda": "12.8", "cudnn": "91002"}
    else:
        expected = {"jaxlib": metadata.version("jaxlib")}
    versions = backend.versions()
    assert {name: versions.get(name) for name in expected} == expected


@pytest.mark.parametrize("device", ["cuda:99", "gpu", "tpu"])
def test_open_refuses_a_device_that_is_not_there(backend, convnet, device):
    message = f"backend '{backend.name}' has no device '{device}'; it has: .*cpu"
    with pytest.raises(UsageError, match=message):
        backend.open(convnet, random_weights(convnet), Setup(device=device))


@pytest.mark.parametrize(
    ("what", "asked", "known"),
    [("precision", "fp8", "fp32, tf32, bf16, fp16, fp64"), ("tier", "magic", "native")],
)
def test_open_refuses_what_it_does_not_offer(backend, convnet, what, asked, known):
    message = f"backend '{backend.name}' has no {what} '{asked}'; it has: {known}"
    with pytest.raises(UnsupportedError, match=message):
        backend.open(convnet, random_weights(convnet), Setup(**{what: asked}))


def test_open_refuses_an_op_without_lowering(backend, convnet):
    strange = tuple(replace(n, op="sort") if n.name == "relu" else n for n in convnet.nodes)
    message = (
        f"backend '{backend.name}' has no lowering for op 'sort', which layer 'relu' needs; "
        "it lowers: adaptive_avg_pool, add, avg_pool, "
    )
    with pytest.raises(UnsupportedError, match=message):
        backend.open(Graph("strange", strange), random_weights(convnet), Setup())


_THREADS = """
import os, sys
if sys.argv[2]:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:int(sys.argv[2])])
import numpy as np
from benchsuite.contract import Setup
from benchsuite.errors import UsageError
from benchsuite.graph import Builder
from benchsuite.testing import random_weights
from benchsuite_keras import backends
net = Builder()
net.dense(net.flatten(net.input((2, 2, 1))), 3, name="fc")
graph = net.graph("tiny")
backend = getattr(backends, sys.argv[1])()
for threads in (1, 1, 2):
    try:
        setup = Setup(threads=threads)
        session = backend.open(graph, random_weights(graph), setup)
        session.predict(np.ones((1, 2, 2, 1), np.float32))
    except UsageError as error:
        print(error)
    else:
        if sys.argv[1] == "tensorflow":
            import tensorflow as tf
            print(tf.config.threading.get_intra_op_parallelism_threads(),
                  tf.config.threading.get_inter_op_parallelism_threads())
        elif sys.argv[1] == "torch":
            import torch
            print(torch.get_num_threads())
        else:
            print(len(os.sched_getaffinity(0)))
"""


def test_open_sets_the_threads_or_says_why_it_cannot(framework):
    affinity = "1" if framework == "jax" else ""
    command = [sys.executable, "-W", "ignore", "-c", _THREADS, framework, affinity]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    first, same, other = run.stdout.splitlines()
    expected = {
        "tensorflow": ("1 1", "2 threads were asked for, but TensorFlow already runs"),
        "torch": ("1", "2"),
        "jax": ("1", "as many threads as the process may use CPUs, 1, not on 2"),
    }
    assert first == same == expected[framework][0]
    assert expected[framework][1] in other
