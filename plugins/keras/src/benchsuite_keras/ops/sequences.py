"""Sequences of tokens."""

import keras
import numpy as np
from keras import layers

from benchsuite_keras.layers import ClassToken, PositionEmbedding, SelectToken
from benchsuite_keras.ops.call import ZERO_KERNEL, Call, Lowered
from benchsuite_keras.tensors import output_projection, packed_biases, packed_kernels, same


def class_token(call: Call) -> Lowered:
    """Keras has none of its own."""
    layer = ClassToken(**call.options())
    output = layer(call.inputs[0])
    return Lowered(output, {"": same(layer.token)})


def position_embedding(call: Call) -> Lowered:
    """Keras has none of its own."""
    layer = PositionEmbedding(**call.options())
    output = layer(call.inputs[0])
    return Lowered(output, {"": same(layer.position)})


def self_attention(call: Call) -> Lowered:
    """MultiHeadAttention of a sequence with itself."""
    heads, width = call.attr("heads"), call.shapes[0][-1]
    layer = layers.MultiHeadAttention(
        heads, width // heads, use_bias=True, dropout=0.0, **ZERO_KERNEL, **call.options()
    )
    # JAX's fused attention takes its softmax in float32; where the scores are asked for, Keras
    # computes each part by itself.
    in_parts = call.policy == "float64" and keras.backend.backend() == "jax"
    output = layer(call.inputs[0], call.inputs[0], return_attention_scores=in_parts)
    # TensorFlow takes a Python float for float32, and rounds it, even where all else is float64.
    layer._inverse_sqrt_key_dim = np.float64(layer._inverse_sqrt_key_dim)  # noqa: SLF001
    projections = (layer.query_dense, layer.key_dense, layer.value_dense)
    return Lowered(
        output[0] if in_parts else output,
        {
            "in_proj_weight": packed_kernels([each.kernel for each in projections]),
            "in_proj_bias": packed_biases([each.bias for each in projections]),
            "out_proj.weight": output_projection(layer.output_dense.kernel),
            "out_proj.bias": same(layer.output_dense.bias),
        },
    )


def select_token(call: Call) -> Lowered:
    """Keras has none of its own."""
    return Lowered(SelectToken(call.attr("index"), **call.options())(call.inputs[0]))
