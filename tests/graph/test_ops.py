"""Shapes, weights and MACs of each op, worked out here from their definitions."""

from itertools import product

import pytest

from benchsuite.errors import ShapeError
from benchsuite.graph import Builder
from benchsuite.graph.ops.sliding import window_extent


@pytest.fixture
def net():
    return Builder()


def layout(node):
    return {weight.role: weight.shape for weight in node.weights}


@pytest.mark.parametrize(
    ("extent", "kernel", "stride", "padding"),
    list(product(range(3, 10), (1, 2, 3), (1, 2, 3), (0, 1))),
)
def test_window_extent_counts_the_positions_that_fit(extent, kernel, stride, padding):
    starts = range(-padding, extent + padding, stride)
    fitting = [start for start in starts if start + kernel <= extent + padding]
    assert window_extent(extent, kernel, stride, padding) == len(fitting)


def test_conv_shape_weights_and_macs(net):
    """(9 + 2 - 3) // 2 + 1 = 5 rows, (12 - 5) // 1 + 1 = 8 columns."""
    x = net.conv(
        net.input((9, 12, 4)), 6, (3, 5), stride=(2, 1), padding=(1, 0), groups=2, name="conv"
    )
    assert x.shape == (5, 8, 6)
    assert layout(x) == {"weight": (6, 2, 3, 5), "bias": (6,)}
    assert x.macs == (5 * 8) * 6 * (2 * 3 * 5)
    assert x.parameters == 6 * 2 * 3 * 5 + 6


def test_depthwise_conv_macs(net):
    x = net.conv(net.input((8, 8, 16)), 16, 3, padding=1, groups=16, bias=False, name="conv")
    assert x.macs == 8 * 8 * 16 * 9
    assert x.parameters == 16 * 9


def test_conv_groups_must_divide_channels_and_filters(net):
    x = net.input((8, 8, 4))
    with pytest.raises(
        ShapeError, match="groups=3 must divide both the 4 input channels and the 6"
    ):
        net.conv(x, 6, 3, groups=3, name="conv")
    with pytest.raises(ShapeError, match="and the 6 filters"):
        net.conv(x, 6, 3, groups=4, name="conv")


@pytest.mark.parametrize("pool", ["max_pool", "avg_pool"])
def test_pool_rounds_down_and_costs_nothing(net, pool):
    x = getattr(net, pool)(net.input((7, 8, 3)), 2)
    assert (x.shape, x.macs, x.weights) == ((3, 4, 3), 0, ())


def test_max_pool_counts_its_padding(net):
    """ResNet's first pool: (7 + 2 - 3) // 2 + 1 = 4 rows; without padding 3 (pitfall 19)."""
    assert net.max_pool(net.input((7, 7, 3)), 3, stride=2, padding=1).shape == (4, 4, 3)


def test_global_avg_pool_leaves_the_channels(net):
    assert net.global_avg_pool(net.input((7, 5, 3))).shape == (3,)


def test_dense_shape_weights_and_macs(net):
    vector = net.dense(net.flatten(net.input((2, 3, 4))), 5, name="vector")
    assert (vector.shape, vector.macs) == ((5,), 24 * 5)
    assert layout(vector) == {"weight": (5, 24), "bias": (5,)}
    tokens = net.dense(net.image_to_sequence(net.input((2, 3, 4))), 7, bias=False, name="tokens")
    assert (tokens.shape, tokens.macs) == ((6, 7), 6 * 4 * 7)
    assert layout(tokens) == {"weight": (7, 4)}


def test_batch_norm_has_two_parameters_and_two_buffers_per_channel(net):
    x = net.batch_norm(net.input((2, 3, 4)), name="bn")
    assert layout(x) == dict.fromkeys(("weight", "bias", "running_mean", "running_var"), (4,))
    assert [weight.trainable for weight in x.weights] == [True, True, False, False]
    assert (x.shape, x.macs, x.parameters) == ((2, 3, 4), 0, 8)


def test_layer_norm_has_two_parameters_per_channel(net):
    x = net.layer_norm(net.image_to_sequence(net.input((2, 3, 4))), name="ln", epsilon=1e-6)
    assert layout(x) == {"weight": (4,), "bias": (4,)}
    assert (x.shape, x.macs, x.attrs["epsilon"]) == ((6, 4), 0, 1e-6)


@pytest.mark.parametrize("op", ["relu", "relu6", "tanh", "gelu"])
def test_activations_keep_the_shape_and_cost_nothing(net, op):
    x = getattr(net, op)(net.input((2, 3, 4)))
    assert (x.shape, x.macs, x.weights) == ((2, 3, 4), 0, ())


def test_dropout_keeps_the_shape_and_its_rate(net):
    x = net.dropout(net.input((2, 3, 4)), 0.25)
    assert (x.shape, x.attrs["rate"]) == ((2, 3, 4), 0.25)


def test_add_needs_equal_shapes(net):
    x = net.input((4, 4, 3))
    assert net.add(x, net.relu(x)).shape == (4, 4, 3)
    y = net.conv(x, 4, 1, name="conv")
    with pytest.raises(ShapeError, match=r"cannot add \(4, 4, 3\) and \(4, 4, 4\)"):
        net.add(x, y)


def test_image_becomes_a_sequence_with_a_token_and_positions(net):
    sequence = net.image_to_sequence(net.input((2, 3, 4)))
    longer = net.class_token(sequence, name="token")
    placed = net.position_embedding(longer, name="positions", init=lambda _: None)
    assert (sequence.shape, longer.shape, placed.shape) == ((6, 4), (7, 4), (7, 4))
    assert (layout(longer), layout(placed)) == ({"": (1, 1, 4)}, {"": (1, 7, 4)})
    assert net.select_token(placed, 6).shape == (4,)


@pytest.mark.parametrize("index", [-1, 6])
def test_select_token_needs_a_token_that_is_there(net, index):
    sequence = net.image_to_sequence(net.input((2, 3, 4)))
    with pytest.raises(ShapeError, match=f"index={index} must be one of the 6 tokens"):
        net.select_token(sequence, index)


def test_self_attention_shape_weights_and_macs(net):
    """Four projections of T·D², then T²·D for the scores and T²·D for the values."""
    sequence = net.image_to_sequence(net.input((2, 3, 8)))
    x = net.self_attention(sequence, 2, name="attention")
    assert (x.shape, x.macs) == ((6, 8), 4 * 6 * 8 * 8 + 2 * 6 * 6 * 8)
    assert layout(x) == {
        "in_proj_weight": (24, 8),
        "in_proj_bias": (24,),
        "out_proj.weight": (8, 8),
        "out_proj.bias": (8,),
    }
    assert net.self_attention(sequence, 4, name="more").macs == x.macs


def test_self_attention_heads_must_divide_the_width(net):
    sequence = net.image_to_sequence(net.input((2, 3, 8)))
    with pytest.raises(ShapeError, match="heads=3 must divide the width 8"):
        net.self_attention(sequence, 3, name="attention")
