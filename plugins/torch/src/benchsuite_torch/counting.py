"""Parameters and MACs of the native module, counted by fvcore and not by the graph."""

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchsuite.contract import Counts

#: fvcore's names of the operators that the graph counts too. Its other figures are not of
#: multiply-accumulates: normalisation, pooling.
_OPERATORS = (
    "conv",
    "linear",
    "addmm",
    "matmul",
    "bmm",
    "mm",
    "einsum",
    "scaled_dot_product_attention",
)


def count(module: Any, image: Any) -> Counts:  # noqa: ANN401 - a torch.nn.Module and a tensor
    """Count a module in evaluation mode, for an image of shape (1, C, H, W)."""
    with warnings.catch_warnings():
        # fvcore compiles a loss when it is imported, and traces: both are its own affair.
        # The category is another from one version of PyTorch to the next.
        warnings.filterwarnings("ignore", r"`torch\.jit\.\w+` is (deprecated|not supported)")
        counter, macs = _trace(module, image)
    parameters = sum(p.numel() for p in module.parameters() if p.requires_grad)
    return Counts(parameters, int(sum(macs[name] for name in _OPERATORS)), counter)


def _trace(module: Any, image: Any) -> tuple[str, Counter[str]]:  # noqa: ANN401 - as above
    import fvcore
    from fvcore.nn import FlopCountAnalysis

    # fvcore knows no fused attention. Gradients must be on: without them PyTorch takes a
    # path of its own through `nn.MultiheadAttention`, in which fvcore sees no layers.
    analysis = FlopCountAnalysis(module, image).set_op_handle(
        "aten::scaled_dot_product_attention", _attention_macs
    )
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    return f"fvcore {fvcore.__version__}", analysis.by_operator()


def _attention_macs(inputs: Sequence[Any], _outputs: Sequence[Any]) -> int:
    """Q·Kᵀ and its product with V, all of shape (N, heads, T, D / heads)."""
    from fvcore.nn.jit_handles import get_shape

    batch, heads, tokens, width = get_shape(inputs[0])
    keys = get_shape(inputs[1])[2]
    return 2 * int(batch * heads * tokens * keys * width)
