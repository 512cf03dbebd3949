"""Where a run takes place: everything about the machine that a figure may depend on."""

import hashlib
import os
import platform
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

import benchsuite

_PACKAGE = Path(benchsuite.__file__).parent
_CPUINFO, _SYSTEM = Path("/proc/cpuinfo"), Path("/sys/devices/system")
_HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
GOVERNOR = _SYSTEM / "cpu/cpu0/cpufreq/scaling_governor"
SMT = _SYSTEM / "cpu/smt/active"
#: Beginnings of the names of instruction sets that libraries choose their kernels by: x86's, Arm's.
_INSTRUCTION_SETS = ("sse4", "avx", "fma", "f16c", "amx", "asimd", "sve", "bf16", "i8mm")


def describe_environment() -> dict[str, Any]:
    """Facts for the run's file; what cannot be found out is None."""
    return {
        "benchsuite": benchsuite.__version__,
        "commit": source_commit(),
        "host": host(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()).strip() or None,
        "cpu": cpu_name(),
        "cpu_flags": cpu_flags(),
        "physical_cores": psutil.cpu_count(logical=False),
        "logical_cores": psutil.cpu_count(),
        "usable_cores": len(usable_cpus()),
        "memory_bytes": psutil.virtual_memory().total,
        "load_average": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "smt": {"0": False, "1": True}.get(read_fact(SMT)),
        "numa_nodes": len(list(_SYSTEM.glob("node/node[0-9]*"))) or None,
        "governor": read_fact(GOVERNOR) or None,
        "transparent_huge_pages": _chosen(read_fact(_HUGE_PAGES)),
        "gpus": gpus(),
        "packages": packages(),
    }


def read_fact(path: Path) -> str:
    """What a file of the kernel says; empty where there is none."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _chosen(options: str) -> str | None:
    """Of the kernel's `always [madvise] never`, the one in brackets."""
    return next((word[1:-1] for word in options.split() if word.startswith("[")), None)


def packages() -> dict[str, str]:
    """The version of every distribution that is installed, by name."""
    found = {one.name: one.version for one in metadata.distributions() if one.name}
    return {name: found[name] for name in sorted(found, key=str.lower)}


def host() -> str:
    """Tells one machine from another without naming it."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:12]


def usable_cpus() -> list[int]:
    """Logical CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(psutil.cpu_count() or 1))


def default_threads() -> int:
    """One thread per physical core that this process may use."""
    # psutil gives None where the system does not tell cores from threads.
    return max(1, min(len(usable_cpus()), psutil.cpu_count(logical=False) or 1))


def cpu_name() -> str:
    """The processor's own name, such as "AMD EPYC 9654"."""
    return _cpu_fact("model name") or platform.processor() or platform.machine()


def cpu_flags() -> list[str]:
    """The instruction sets for arithmetic on several numbers at once that the processor has."""
    flags = (_cpu_fact("flags") or _cpu_fact("Features")).split()
    return sorted(flag for flag in flags if flag.startswith(_INSTRUCTION_SETS))


def _cpu_fact(name: str) -> str:
    """Of the first processor, as the kernel lists it; empty where it does not."""
    for line in read_fact(_CPUINFO).splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def gpus() -> list[dict[str, str]]:
    """Name, memory and driver of each NVIDIA GPU, as the driver's own tool reports them."""
    fields = ("name", "memory.total", "driver_version")
    answer = _told_by("nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader")
    return [dict(zip(fields, row.split(", "), strict=False)) for row in answer.splitlines()]


def source_commit() -> str | None:
    """The commit of the source tree that runs, marked where it was changed; None if packaged."""
    tree = _PACKAGE.parent
    if not (tree / ".git").exists():  # a repository around an environment is not ours
        return None
    asked = ("describe", "--always", "--dirty", "--abbrev=40")
    return _told_by("git", "-C", str(tree), *asked).strip() or None


def _told_by(tool: str, *arguments: str) -> str:
    """What a tool prints; empty where it is not installed."""
    path = shutil.which(tool)
    if path is None:
        return ""
    command = [path, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 - found on PATH, fixed arguments


def by_core(cpus: Iterable[int], root: Path = _SYSTEM / "cpu") -> list[int]:
    """The CPUs in the order in which threads are to get them.

    One of each core before the second of any, and those of one package and memory node side by
    side: threads that share a core share its units, and another node's memory is far away. In
    ascending order where the kernel does not tell.
    """
    seen: Counter[tuple[int, int, int]] = Counter()
    ranked = []
    for place, cpu in sorted((_place(root / f"cpu{cpu}", cpu), cpu) for cpu in cpus):
        ranked.append((seen[place], place, cpu))
        seen[place] += 1
    return [cpu for _, _, cpu in sorted(ranked)]


def _place(folder: Path, cpu: int) -> tuple[int, int, int]:
    """Package, memory node and core; a core of its own where the kernel does not tell."""
    nodes = [int(path.name.removeprefix("node")) for path in folder.glob("node[0-9]*")]
    package = int(read_fact(folder / "topology/physical_package_id") or 0)
    return package, min(nodes, default=0), int(read_fact(folder / "topology/core_id") or cpu)
