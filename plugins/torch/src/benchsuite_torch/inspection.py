"""A module's inside: what every node of the graph yields, and the gradients of one batch."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import fx, nn
from torch.autograd import grad
from torch.func import functional_call

from benchsuite_torch.forward import CHANNELS_LAST, RESULT_OF
from benchsuite_torch.losses import mean_loss


def activations(module: Any, images: Any) -> dict[str, NDArray[np.floating]]:  # noqa: ANN401
    """By node, as the module's own forward passes come to them; images are (N, C, H, W).

    Results are (N, H, W, C), (N, T, D) or (N, F), and copies: a later layer may overwrite.
    The network's input is not among them.
    """
    found: dict[str, NDArray[np.floating]] = {}
    _run(module, "", images, found)
    return found


def to_numpy(tensor: Any, *, channels_last: bool = False) -> NDArray[np.floating]:  # noqa: ANN401
    """A copy on the host; images get their channels last where they have them first."""
    if tensor.ndim == 4 and not channels_last:  # noqa: PLR2004 - (N, C, H, W)
        tensor = tensor.permute(0, 2, 3, 1)
    is_half = tensor.dtype in (torch.bfloat16, torch.float16)
    array: NDArray[np.floating] = (tensor.float() if is_half else tensor).cpu().numpy().copy()
    return array


def _run(module: Any, path: str, x: Any, found: dict[str, NDArray[np.floating]]) -> Any:  # noqa: ANN401
    """Call a block, or a layer that is an entry of `nn.Sequential`: one node of that name."""
    if isinstance(module, fx.GraphModule):
        return _Recorder(module, path, found).run(x)
    if isinstance(module, nn.Sequential):
        for name, member in module.named_children():
            x = _run(member, f"{path}.{name}", x, found)
        return x
    x = module(x)
    found[path] = to_numpy(x)
    return x


class _Recorder(fx.Interpreter):  # type: ignore[misc] # torch is Any here
    """Runs a generated forward statement by statement, and the blocks that it calls."""

    def __init__(
        self, module: fx.GraphModule, path: str, found: dict[str, NDArray[np.floating]]
    ) -> None:
        super().__init__(module)
        self._path = path
        self._found = found

    def run_node(self, n: fx.Node) -> Any:  # noqa: ANN401 - whatever the statement yields
        """Execute one statement, and keep its result where that is a node's."""
        result = super().run_node(n)
        if RESULT_OF in n.meta:
            self._found[n.meta[RESULT_OF]] = to_numpy(result, channels_last=n.meta[CHANNELS_LAST])
        return result

    def call_module(self, target: Any, args: Any, kwargs: Any) -> Any:  # noqa: ANN401 - as fx has it
        """Go into a block; call a layer."""
        member = self.fetch_attr(target)
        if not isinstance(member, fx.GraphModule | nn.Sequential):
            return super().call_module(target, args, kwargs)
        path = f"{self._path}.{target}" if self._path else target
        (x,) = args
        return _run(member, path, x, self._found)


def loss_and_gradients(
    module: Any,  # noqa: ANN401 - a torch.nn.Module in training mode
    images: Any,  # noqa: ANN401 - a tensor (N, C, H, W)
    labels: Any,  # noqa: ANN401 - a tensor (N,) or (N, classes)
    focal_gamma: float,
) -> tuple[NDArray[np.floating], dict[str, NDArray[np.floating]]]:
    """The mean loss, and its gradient by each parameter's name.

    The module gets copies of its buffers, so its running statistics stay as they are, and so
    does every `.grad`.
    """
    parameters = dict(module.named_parameters())
    buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
    loss = mean_loss(functional_call(module, buffers, (images,)), labels, focal_gamma)
    gradients = grad(loss, list(parameters.values()))
    named = zip(parameters, gradients, strict=True)
    return loss.detach().cpu().numpy().copy(), {n: g.cpu().numpy().copy() for n, g in named}


def with_channels_last(module: Any) -> set[str]:  # noqa: ANN401 - a torch.nn.Module
    """Names of the nodes whose results have an image's channels last."""
    graphs = (m.graph for m in module.modules() if isinstance(m, fx.GraphModule))
    return {n.meta[RESULT_OF] for g in graphs for n in g.nodes if n.meta.get(CHANNELS_LAST)}
