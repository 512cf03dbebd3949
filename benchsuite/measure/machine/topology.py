"""Which logical CPUs share a core, a memory node and a package."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

_CPUS = Path("/sys/devices/system/cpu")


def by_core(cpus: Iterable[int], root: Path = _CPUS) -> list[int]:
    """The CPUs in the order in which threads are to get them.

    One of each core before the second of any, and those of one package and memory node side by
    side: threads that share a core share its units, and another node's memory is far away. In
    ascending order where the kernel does not tell.
    """
    seen: Counter[tuple[int, int, int]] = Counter()
    ranked = []
    for place, cpu in sorted((_place(root, cpu), cpu) for cpu in cpus):
        ranked.append((seen[place], place, cpu))
        seen[place] += 1
    return [cpu for _, _, cpu in sorted(ranked)]


def _place(root: Path, cpu: int) -> tuple[int, int, int]:
    """Package, memory node and core; a core of its own where the kernel does not tell."""
    folder = root / f"cpu{cpu}"
    nodes = [int(path.name.removeprefix("node")) for path in folder.glob("node[0-9]*")]
    package = _number(folder / "topology/physical_package_id", 0)
    return package, min(nodes, default=0), _number(folder / "topology/core_id", cpu)


def _number(file: Path, default: int) -> int:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return default
