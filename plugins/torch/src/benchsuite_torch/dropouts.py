"""Dropouts with masks that somebody else has drawn."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def drawn_masks(module: Any, masks: Mapping[str, Any]) -> Iterator[None]:  # noqa: ANN401
    """While it lasts, the dropouts of these names keep what their masks say, and scale it.

    masks: (N, C, H, W) or (N, …) as the dropout's input, or (N,).
    """
    hooks = [
        module.get_submodule(name).register_forward_hook(_kept(mask))
        for name, mask in masks.items()
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _kept(mask: Any) -> Any:  # noqa: ANN401 - a forward hook
    def replace(dropout: Any, inputs: tuple[Any, ...], _output: Any) -> Any:  # noqa: ANN401
        (x,) = inputs
        rate = dropout.p if hasattr(dropout, "p") else dropout.rate
        shaped = mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim))
        return x * shaped.to(x.dtype) / (1.0 - rate)

    return replace
