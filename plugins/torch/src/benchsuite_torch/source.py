"""The generated code of a whole network, as text."""

import re
from collections.abc import Iterator
from typing import Any

from torch import fx, nn

from benchsuite.graph import Graph
from benchsuite_torch.lowering import lower_without_weights

#: What fx appends to free results early.
_CLEANING = re.compile(r";  (\w+ = )+None$")


def forward_source(graph: Graph) -> str:
    """Layers (as comments) and forward of each block and, last, of the network itself.

    Python's syntax, (N, C, H, W). Blocks with the same layers and the same code share a
    class. Raises UnsupportedError as `lower` does.
    """
    classes = _Classes()
    classes.add(lower_without_weights(graph), graph.name)
    return classes.text()


class _Classes:
    """What each generated class consists of, and the paths at which it is used."""

    def __init__(self) -> None:
        self._paths: dict[str, list[str]] = {}

    def text(self) -> str:
        return "\n\n".join(
            f"class {_class_name(paths)}(nn.Module):\n    # {', '.join(paths)}\n{body}\n"
            for body, paths in self._paths.items()
        )

    def add(self, block: fx.GraphModule, path: str, prefix: str = "") -> str:
        """Write a block after those that it calls, and return the name of its class."""
        body = "\n".join([*self._members(block, prefix, ""), "", *_forward(block)])
        paths = self._paths.setdefault(body, [])
        paths.append(path)
        return _class_name(paths)

    def _members(self, module: Any, prefix: str, inside: str) -> Iterator[str]:  # noqa: ANN401
        """Layers and parameters by their path inside the block; `prefix` is the block's own."""
        for name, parameter in module.named_parameters(recurse=False):
            yield f"    #   {inside}{name}: Parameter{tuple(parameter.shape)}"
        for name, member in module.named_children():
            path = f"{inside}{name}"
            if isinstance(member, fx.GraphModule):
                kind = self.add(member, prefix + path, f"{prefix}{path}.")
                yield f"    #   {path}: {kind}"
            elif isinstance(member, nn.Sequential):
                yield f"    #   {path}: Sequential"
                yield from self._members(member, prefix, f"{path}.")
            elif type(member) is nn.Module:  # fx's holder of the members at a dotted path
                yield from self._members(member, prefix, f"{path}.")
            else:
                yield f"    #   {path}: {' '.join(repr(member).split())}"


def _class_name(paths: list[str]) -> str:
    return paths[0].replace(".", "_")


def _forward(block: fx.GraphModule) -> Iterator[str]:
    for line in block.code.splitlines():
        if line.strip():
            statement, _, alias = _CLEANING.sub("", line).partition(";  ")
            yield f"    {statement}"
            if alias:  # `bn2 += x;  add = bn2`
                yield f"        {alias}"
