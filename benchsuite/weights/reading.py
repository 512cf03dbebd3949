"""A file of weights, fitted to a network: canonical names, float32, nothing missing or extra."""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchsuite.errors import BenchsuiteError, UnknownNameError, UsageError
from benchsuite.files import check_zip
from benchsuite.graph import Graph
from benchsuite.graph.weights import Checkpoint, Weights, check_weights, digest_weights
from benchsuite.hooks import Registry

Arrays = Mapping[str, NDArray[Any]]

#: What `torch.nn.DataParallel` puts before every name.
_PREFIX = "module."
#: How many batches a BatchNorm of PyTorch has seen: no weight, and nothing depends on it.
_COUNTER = "num_batches_tracked"
# Published checkpoints differ from the `state_dict` of today's torchvision, which changes them as
# it loads them (`densenet._load_state_dict`, `vision_transformer.MLPBlock._load_from_state_dict`,
# and the `aux_logits` of `googlenet` and `inception_v3`); so does benchsuite.

#: A name as published, and as it is today.
_RENAMED = (
    (re.compile(r"(.*denselayer\d+\.(?:norm|conv))\.([12]\.\w+)"), r"\1\2"),
    (re.compile(r"(.*\.mlp)\.linear_1(\.\w+)"), r"\1.0\2"),
    (re.compile(r"(.*\.mlp)\.linear_2(\.\w+)"), r"\1.3\2"),
)
#: Heads that only help in training, and that our networks leave out.
_AUXILIARY = {"googlenet": ("aux1.", "aux2."), "inception_v3": ("AuxLogits.",)}


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights that fit their network.

    weights: by canonical name, in the graph's order, float32.
    ignored: names in the file that are no weights of the network, and that it does not need.
    notes: what a user should know of the file, one line each, such as a conversion of types.
    """

    weights: Mapping[str, NDArray[np.float32]]
    ignored: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def report(self) -> tuple[str, ...]:
        """The notes, and how many names were ignored: counters by their number alone."""
        counters = [name for name in self.ignored if _is_counter(name)]
        others = [name for name in self.ignored if not _is_counter(name)]
        lines = list(self.notes)
        if counters:
            lines.append(f"ignored: {len(counters)} × {_COUNTER}")
        if others:
            lines.append(f"ignored, of auxiliary heads: {', '.join(others)}")
        return tuple(lines)


def describe(graph: Graph, weights: Weights) -> str:
    """Two lines: how many tensors, parameters and buffers, and the digest of them all."""
    return (
        f"{graph.name}: {len(weights)} tensors, {graph.parameters:,} parameters, "
        f"{graph.buffers:,} buffers\nsha256 {digest_weights(weights)}"
    )


def read_weights(path: Path, graph: Graph, readers: Registry) -> Fitted:
    """Read a file in any of the formats of `readers`, by its suffix, and fit it to the graph.

    Raises UsageError for a file that is not there, cannot be read or does not fit (all that is
    wrong is named), and MissingDependencyError where a reader's framework is not installed.
    """
    if not path.is_file():
        raise UsageError(f"no such file: '{path}'")
    checkpoint = _read(path, readers)
    try:
        return _fit(checkpoint, graph)
    except UsageError as error:
        raise UsageError(f"'{path}': {error}") from None


def _read(path: Path, readers: Registry) -> Checkpoint:
    suffix = path.suffix.lower()
    try:
        read = readers[suffix].load()
    except UnknownNameError as error:
        hint = "PyTorch's own formats come with benchsuite-torch"
        raise UsageError(f"'{path}' cannot be read: {error}; {hint}") from None
    try:
        check_zip(path)
        checkpoint: Checkpoint = read(path)
    except BenchsuiteError:
        raise
    except Exception as error:  # a damaged file makes its library fail in any way
        reason = " ".join(f"{type(error).__name__} {error}".split())
        raise UsageError(
            f"'{path}' cannot be read: it is damaged, or no {suffix} file ({reason})"
        ) from error
    return checkpoint


def _fit(checkpoint: Checkpoint, graph: Graph) -> Fitted:
    arrays, auxiliary = checkpoint.arrays, _AUXILIARY.get(graph.name, ())
    if all(name.startswith(_PREFIX) for name in arrays):
        arrays = {name.removeprefix(_PREFIX): array for name, array in arrays.items()}
    arrays = {_today(name, arrays, graph.weights): array for name, array in arrays.items()}
    ignored = dict.fromkeys(
        name
        for name in arrays
        if name not in graph.weights and (_is_counter(name) or name.startswith(auxiliary))
    )
    kept = {name: array for name, array in arrays.items() if name not in ignored}
    check_weights(graph, kept)
    notes = (*checkpoint.notes, *_conversions(kept), *_other_network(checkpoint, graph))
    ordered = {name: np.asarray(kept[name], np.float32, order="C") for name in graph.weights}
    return Fitted(ordered, tuple(ignored), notes)


def _today(name: str, arrays: Arrays, names: Collection[str]) -> str:
    """Its name of today, where the network has that and the file has not."""
    for pattern, replacement in _RENAMED:
        if pattern.fullmatch(name):
            new = pattern.sub(replacement, name)
            if new in names and new not in arrays:
                return new
    return name


def _is_counter(name: str) -> bool:
    return name.rpartition(".")[2] == _COUNTER


def _other_network(checkpoint: Checkpoint, graph: Graph) -> list[str]:
    written_for = checkpoint.metadata.get("architecture", graph.name)
    return [] if written_for == graph.name else [f"the file is for {written_for}, by its own word"]


def _conversions(arrays: Arrays) -> list[str]:
    types = Counter(array.dtype.name for array in arrays.values())
    return [
        f"{count} tensors converted from {name} to float32"
        for name, count in types.items()
        if name != "float32"
    ]
