"""How each op is lowered. Tensors are (N, C, H, W), (N, T, D) or (N, F)."""

from collections.abc import Mapping

from torch import nn

from benchsuite_torch import functions, layers
from benchsuite_torch.call import Lowering

LOWERINGS: Mapping[str, Lowering] = {
    "conv": Lowering(layers.layer, layers.conv),
    "dense": Lowering(layers.layer, layers.dense, channels="last"),
    "layer_norm": Lowering(layers.layer, layers.layer_norm, channels="last"),
    # Of tokens it would take the wrong axis: PyTorch has their channels in the middle.
    "batch_norm": Lowering(layers.layer, layers.batch_norm, ranks=(1, 3)),
    "dropout": Lowering(layers.layer, layers.dropout, channels="any"),
    "stochastic_depth": Lowering(layers.layer, layers.stochastic_depth, channels="any"),
    "relu": Lowering(functions.relu, channels="any"),
    "relu6": Lowering(functions.overwriting(nn.functional.relu6), channels="any"),
    "tanh": Lowering(functions.tanh, channels="any"),
    "gelu": Lowering(functions.gelu, channels="any"),
    "sigmoid": Lowering(functions.sigmoid, channels="any"),
    "silu": Lowering(functions.overwriting(nn.functional.silu), channels="any"),
    "hard_sigmoid": Lowering(functions.hard_sigmoid, channels="any"),
    "hard_swish": Lowering(functions.overwriting(nn.functional.hardswish), channels="any"),
    "add": Lowering(functions.add),
    "multiply": Lowering(functions.multiply),
    "concat": Lowering(functions.concat),
    "pad_channels": Lowering(functions.pad_channels),
    "layer_scale": Lowering(functions.layer_scale, layers.parameter),
    "max_pool": Lowering(functions.max_pool),
    "avg_pool": Lowering(functions.avg_pool),
    "global_avg_pool": Lowering(functions.global_avg_pool),
    "adaptive_avg_pool": Lowering(functions.adaptive_avg_pool),
    "local_response_norm": Lowering(functions.local_response_norm),
    "flatten": Lowering(functions.flatten),
    "image_to_sequence": Lowering(functions.image_to_sequence),
    "class_token": Lowering(functions.class_token, layers.parameter),
    "position_embedding": Lowering(functions.position_embedding, layers.parameter),
    "self_attention": Lowering(layers.call_attention, layers.attention, ranks=(2,)),
    "select_token": Lowering(functions.select_token),
}

#: Ops that yield a tensor of their own, which their gradient does not need again.
OVERWRITABLE = frozenset(
    {"conv", "dense", "batch_norm", "add", "multiply", "concat", "pad_channels", "layer_scale"}
)

#: Ops that yield, in evaluation mode, their very input.
PASSING = frozenset({"stochastic_depth", "dropout"})
