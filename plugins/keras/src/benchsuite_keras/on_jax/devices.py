"""JAX's devices, threads and 64-bit numbers."""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import jax

from benchsuite.errors import UsageError


def enable_x64() -> AbstractContextManager[Any]:
    """64-bit numbers for a while; JAX moved the name out of `experimental`."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)  # type: ignore[no-any-return] # jax is Any
    from jax.experimental import enable_x64

    return enable_x64()  # type: ignore[no-any-return] # jax is Any


def gpus() -> Sequence[Any]:
    """CUDA devices; none where there is none."""
    try:
        gpus: Sequence[Any] = jax.devices("cuda")
    except RuntimeError:  # what JAX says where there is none
        return ()
    return gpus


def find_device(device: str) -> Any:  # noqa: ANN401 - a jax.Device
    """JAX's own object of `cpu` or `cuda:0`."""
    kind, _, index = device.partition(":")
    return jax.devices(kind)[int(index or 0)]


def usable_cpus() -> int:
    """CPUs that the process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_threads(threads: int) -> None:
    """JAX sizes its pool by the CPUs that the process may use, when it starts.

    Raises UsageError where that is another number.
    """
    usable = usable_cpus()
    if threads != usable:
        raise UsageError(
            f"backend 'keras-jax' runs on as many threads as the process may use CPUs, {usable}, "
            f"not on {threads}: start the process under `taskset` with {threads}, or leave "
            "threads out"
        )
