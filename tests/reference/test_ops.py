"""Each op of the reference against its definition, written with loops over single numbers."""

import math
from itertools import product

import numpy as np
import pytest

from benchsuite.graph import OPS
from benchsuite.reference.oracle import OPERATIONS

RANDOM = np.random.default_rng(0)


def normal(*shape):
    return RANDOM.normal(size=shape)


def test_every_op_but_input_is_defined():
    assert set(OPERATIONS) == set(OPS) - {"input"}


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "groups", "bias"),
    [
        ((3, 3), (1, 1), (0, 0), 1, True),
        ((3, 2), (2, 1), (1, 0), 1, False),
        ((3, 3), (2, 2), (1, 1), 2, True),
        ((1, 1), (2, 2), (0, 0), 4, True),
    ],
)
def test_conv_is_its_sum(kernel, stride, padding, groups, bias):
    x, weight, offset = normal(2, 5, 6, 4), normal(8, 4 // groups, *kernel), normal(8)
    attrs = {
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "groups": groups,
        "bias": bias,
    }
    weights = {"weight": weight, "bias": offset} if bias else {"weight": weight}
    actual = OPERATIONS["conv"](attrs, weights, x)

    height = (5 + 2 * padding[0] - kernel[0]) // stride[0] + 1
    width = (6 + 2 * padding[1] - kernel[1]) // stride[1] + 1
    assert actual.shape == (2, height, width, 8)
    for n, row, column, f in product(range(2), range(height), range(width), range(8)):
        expected = offset[f] if bias else 0.0
        group = f // (8 // groups)
        for c, i, j in product(range(4 // groups), range(kernel[0]), range(kernel[1])):
            h = row * stride[0] + i - padding[0]
            w = column * stride[1] + j - padding[1]
            if 0 <= h < 5 and 0 <= w < 6:
                expected += x[n, h, w, group * (4 // groups) + c] * weight[f, c, i, j]
        assert actual[n, row, column, f] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("op", "kernel", "stride", "padding"),
    [
        ("max_pool", (2, 2), (2, 2), (0, 0)),
        ("max_pool", (3, 3), (2, 2), (1, 1)),
        ("max_pool", (2, 3), (1, 2), (0, 0)),
        ("avg_pool", (2, 2), (2, 2), (0, 0)),
        ("avg_pool", (2, 3), (1, 2), (0, 0)),
    ],
)
def test_pools_are_the_largest_or_mean_of_each_window(op, kernel, stride, padding):
    x = normal(2, 5, 6, 3) - 5  # negative: a padding of zeros would show
    attrs = {"kernel": kernel, "stride": stride, "padding": padding}
    actual = OPERATIONS[op](attrs, {}, x)

    height = (5 + 2 * padding[0] - kernel[0]) // stride[0] + 1
    width = (6 + 2 * padding[1] - kernel[1]) // stride[1] + 1
    assert actual.shape == (2, height, width, 3)
    for n, row, column, c in product(range(2), range(height), range(width), range(3)):
        top, left = row * stride[0] - padding[0], column * stride[1] - padding[1]
        window = [
            x[n, h, w, c]
            for h, w in product(range(top, top + kernel[0]), range(left, left + kernel[1]))
            if 0 <= h < 5 and 0 <= w < 6
        ]
        expected = max(window) if op == "max_pool" else sum(window) / len(window)
        assert actual[n, row, column, c] == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(5,), (3, 5), (2, 3, 5)])
def test_dense_maps_the_last_axis(shape):
    x, weight, bias = normal(2, *shape), normal(4, 5), normal(4)
    with_bias = OPERATIONS["dense"]({"bias": True}, {"weight": weight, "bias": bias}, x)
    without = OPERATIONS["dense"]({"bias": False}, {"weight": weight}, x)
    assert with_bias.shape == (2, *shape[:-1], 4)
    for index in np.ndindex(*with_bias.shape):
        expected = sum(weight[index[-1], f] * x[(*index[:-1], f)] for f in range(5))
        assert without[index] == pytest.approx(expected)
        assert with_bias[index] == pytest.approx(expected + bias[index[-1]])


@pytest.mark.parametrize("shape", [(3,), (4, 5, 3)])
def test_batch_norm_uses_the_running_statistics(shape):
    weights = {
        "weight": np.array([1.0, 2.0, 0.5]),
        "bias": np.array([0.0, 1.0, -1.0]),
        "running_mean": np.array([1.0, 0.0, -2.0]),
        "running_var": np.array([4.0, 1.0, 0.25]),
    }
    x = normal(2, *shape)
    actual = OPERATIONS["batch_norm"]({"epsilon": 0.1, "momentum": 0.1}, weights, x)
    for index in np.ndindex(*x.shape):
        scale, offset, mean, variance = (weights[role][index[-1]] for role in weights)
        expected = (x[index] - mean) / math.sqrt(variance + 0.1) * scale + offset
        assert actual[index] == pytest.approx(expected)


def test_layer_norm_uses_each_token_alone():
    x, scale, offset = normal(2, 3, 4), normal(4), normal(4)
    weights = {"weight": scale, "bias": offset}
    actual = OPERATIONS["layer_norm"]({"epsilon": 0.1}, weights, x)
    for n, t in product(range(2), range(3)):
        mean = sum(x[n, t]) / 4
        variance = sum((value - mean) ** 2 for value in x[n, t]) / 4
        expected = [
            (x[n, t, d] - mean) / math.sqrt(variance + 0.1) * scale[d] + offset[d] for d in range(4)
        ]
        assert actual[n, t] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("op", "function"),
    [
        ("relu", lambda x: max(x, 0.0)),
        ("relu6", lambda x: min(max(x, 0.0), 6.0)),
        ("tanh", math.tanh),
        ("gelu", lambda x: x * 0.5 * math.erfc(-x / math.sqrt(2))),
        ("dropout", lambda x: x),
    ],
)
def test_elementwise_ops_are_their_functions(op, function):
    x = np.concatenate([np.linspace(-8, 8, 101), [0.0, 6.0, -0.0]])
    expected = [function(value) for value in x]
    assert OPERATIONS[op]({"rate": 0.5, "approximate": "none"}, {}, x) == pytest.approx(expected)


def test_add_adds():
    assert OPERATIONS["add"]({}, {}, np.array([1.0, 2.0]), np.array([10.0, 20.0])).tolist() == [
        11.0,
        22.0,
    ]


def test_flatten_is_channel_major():
    """Channel 0 row by row, then channel 1: PyTorch's order."""
    height, width, channels = 2, 3, 4
    x = normal(2, height, width, channels)
    actual = OPERATIONS["flatten"]({}, {}, x)
    for n, h, w, c in np.ndindex(*x.shape):
        assert actual[n, c * height * width + h * width + w] == x[n, h, w, c]


def test_image_to_sequence_is_row_by_row():
    x = normal(2, 3, 4, 5)
    actual = OPERATIONS["image_to_sequence"]({}, {}, x)
    for n, h, w in np.ndindex(2, 3, 4):
        assert np.array_equal(actual[n, h * 4 + w], x[n, h, w])


def test_global_avg_pool_is_the_mean_of_positions():
    x = normal(2, 3, 4, 5)
    actual = OPERATIONS["global_avg_pool"]({}, {}, x)
    for n, c in product(range(2), range(5)):
        assert actual[n, c] == pytest.approx(sum(x[n, :, :, c].ravel()) / 12)


def test_tokens_are_put_added_to_and_selected():
    x, token, positions = normal(2, 3, 4), normal(1, 1, 4), normal(1, 3, 4)
    longer = OPERATIONS["class_token"]({}, {"": token}, x)
    assert np.array_equal(longer, np.stack([[token[0, 0], *example] for example in x]))
    placed = OPERATIONS["position_embedding"]({}, {"": positions}, x)
    assert np.array_equal(placed[1], x[1] + positions[0])
    assert np.array_equal(OPERATIONS["select_token"]({"index": 2}, {}, x), x[:, 2])


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_self_attention_is_vaswanis(heads):
    """Section 3.2 of the paper, head by head and query by query."""
    tokens, width = 4, 6
    x = normal(2, tokens, width)
    packed, packed_bias = normal(3 * width, width), normal(3 * width)
    out, out_bias = normal(width, width), normal(width)
    weights = {
        "in_proj_weight": packed,
        "in_proj_bias": packed_bias,
        "out_proj.weight": out,
        "out_proj.bias": out_bias,
    }
    actual = OPERATIONS["self_attention"]({"heads": heads}, weights, x)
    d = width // heads
    for n, t in product(range(2), range(tokens)):
        joined = []
        for head in range(heads):
            starts = [part * width + head * d for part in range(3)]
            rows = [slice(start, start + d) for start in starts]
            query, key, value = (
                [packed[r] @ token + packed_bias[r] for token in x[n]] for r in rows
            )
            exponentials = [math.exp(query[t] @ key[s] / math.sqrt(d)) for s in range(tokens)]
            share = [e / sum(exponentials) for e in exponentials]
            joined.extend(sum(share[s] * value[s] for s in range(tokens)))
        assert actual[n, t] == pytest.approx(out @ np.array(joined) + out_bias)


def test_self_attention_survives_large_scores():
    width = 2
    weights = {
        "in_proj_weight": np.concatenate([1e3 * np.eye(width)] * 2 + [np.eye(width)]),
        "in_proj_bias": np.zeros(3 * width),
        "out_proj.weight": np.eye(width),
        "out_proj.bias": np.zeros(width),
    }
    x = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    assert OPERATIONS["self_attention"]({"heads": 1}, weights, x) == pytest.approx(x)
