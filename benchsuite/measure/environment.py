"""Where a run takes place: everything about the machine that a figure may depend on."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psutil

import benchsuite

_PACKAGE = Path(benchsuite.__file__).parent


def describe_environment() -> dict[str, Any]:
    """Facts for the run's file; what cannot be found out is None."""
    return {
        "benchsuite": benchsuite.__version__,
        "commit": source_commit(),
        "host": _host(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": cpu_name(),
        "physical_cores": psutil.cpu_count(logical=False),
        "logical_cores": psutil.cpu_count(),
        "usable_cores": len(usable_cpus()),
        "memory_bytes": psutil.virtual_memory().total,
        "load_average": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "gpus": gpus(),
    }


def _host() -> str:
    """Tells one machine from another without naming it."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:12]


def usable_cpus() -> list[int]:
    """Logical CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(psutil.cpu_count() or 1))


def default_threads() -> int:
    """One thread per physical core that this process may use."""
    return max(1, min(len(usable_cpus()), psutil.cpu_count(logical=False) or 1))


def cpu_name() -> str:
    """The processor's own name, such as "AMD EPYC 9654"."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def gpus() -> list[dict[str, str]]:
    """Name, memory and driver of each NVIDIA GPU, as the driver's own tool reports them."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    fields = ("name", "memory.total", "driver_version")
    command = [tool, f"--query-gpu={','.join(fields)}", "--format=csv,noheader"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the driver's tool, fixed arguments
    rows = [line.split(", ") for line in answer.stdout.splitlines()]
    return [dict(zip(fields, row, strict=False)) for row in rows]


def source_commit() -> str | None:
    """The commit of the source tree that runs, marked where it was changed; None if packaged."""
    git = shutil.which("git")
    if git is None or not (_PACKAGE.parent / ".git").exists():
        return None
    command = [git, "-C", str(_PACKAGE.parent), "describe", "--always", "--dirty", "--abbrev=40"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - git, fixed arguments
    return answer.stdout.strip() or None
