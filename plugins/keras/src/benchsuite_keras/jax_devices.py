"""JAX's settings for the whole process: devices, threads, and how wide numbers are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import jax

from benchsuite.errors import UsageError


def find_gpus() -> Sequence[Any]:
    """NVIDIA's, in JAX's order."""
    try:
        gpus: Sequence[Any] = jax.devices("cuda")
    except RuntimeError:  # what JAX says where there is none
        return ()
    return gpus


def find_device(device: str) -> Any:  # noqa: ANN401 - a jax.Device
    """By the name that the backend gives it, such as `cuda:0`."""
    kind, _, index = device.partition(":")
    return jax.devices(kind)[int(index or 0)]


def usable_cpus() -> int:
    """How many CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_threads(threads: int) -> None:
    """Raise UsageError unless JAX has as many.

    It sizes its pool by the CPUs that the process may use, when it starts.
    """
    usable = usable_cpus()
    if threads != usable:
        raise UsageError(
            f"backend 'keras-jax' runs on as many threads as the process may use CPUs, {usable}, "
            f"not on {threads}: start the process under `taskset` with {threads}, or leave "
            "threads out"
        )


def with_x64() -> AbstractContextManager[Any]:
    """64-bit numbers for a while; JAX moved the name out of `experimental`."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)  # type: ignore[no-any-return] # jax is Any
    from jax.experimental import enable_x64

    return enable_x64()  # type: ignore[no-any-return] # jax is Any
