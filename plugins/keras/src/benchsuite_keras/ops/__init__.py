"""How each op becomes ordinary Keras layers, and where its weights are then kept.

No default of Keras decides anything: layout, dtype, padding and epsilon are all given.
"""

from collections.abc import Callable, Mapping
from functools import partial

from benchsuite_keras.layers import exact_gelu, exact_hard_sigmoid
from benchsuite_keras.ops import elementwise, normalization, sequences, structure, windows
from benchsuite_keras.ops.call import Call, Lowered

__all__ = ["LOWERINGS", "OPS", "Call", "Lowered"]

LOWERINGS: Mapping[str, Callable[[Call], Lowered]] = {
    "conv": windows.conv,
    "dense": structure.dense,
    "batch_norm": normalization.batch_norm,
    "layer_norm": normalization.layer_norm,
    "local_response_norm": normalization.local_response_norm,
    "layer_scale": normalization.layer_scale,
    "relu": partial(elementwise.activation, function="relu"),
    "relu6": partial(elementwise.activation, function="relu6"),
    "tanh": partial(elementwise.activation, function="tanh"),
    "gelu": partial(elementwise.activation, function=exact_gelu),
    "sigmoid": partial(elementwise.activation, function="sigmoid"),
    "silu": partial(elementwise.activation, function="silu"),
    "hard_sigmoid": partial(elementwise.activation, function=exact_hard_sigmoid),
    "hard_swish": partial(elementwise.activation, function="hard_silu"),
    "dropout": elementwise.dropout,
    "stochastic_depth": elementwise.stochastic_depth,
    "max_pool": windows.max_pool,
    "avg_pool": windows.avg_pool,
    "global_avg_pool": windows.global_avg_pool,
    "adaptive_avg_pool": windows.adaptive_avg_pool,
    "add": elementwise.add,
    "multiply": elementwise.multiply,
    "concat": structure.concat,
    "pad_channels": structure.pad_channels,
    "flatten": structure.flatten,
    "image_to_sequence": structure.reshape,
    "class_token": sequences.class_token,
    "position_embedding": sequences.position_embedding,
    "self_attention": sequences.self_attention,
    "select_token": sequences.select_token,
}
#: What a graph may hold: its input needs no lowering of its own.
OPS = frozenset({"input", *LOWERINGS})
