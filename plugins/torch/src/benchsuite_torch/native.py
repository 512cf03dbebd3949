"""Natively written modules in a TorchSession: their weights, under the library's own names."""

from typing import Any

from benchsuite.contract import NativeModel
from benchsuite.graph import Graph, Shape, opaque_graph


def describe(model: NativeModel, module: Any, input_shape: Shape, classes: int) -> Graph:  # noqa: ANN401 - a torch.nn.Module
    """The module's outside; counters and tables of indices are no weights."""
    trained = {name for name, parameter in module.named_parameters() if parameter.requires_grad}
    weights = {
        name: (tuple(tensor.shape), name in trained)
        for name, tensor in module.state_dict(keep_vars=True).items()
        if tensor.is_floating_point()
    }
    macs = model.trace(input_shape, classes).macs
    return opaque_graph(model.name, input_shape, classes, macs, weights)
