"""Every op in float64 against an expectation written in NumPy, channels last."""

import math

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view

from benchsuite.graph import OPS, initializers
from benchsuite_torch.lowering import OPS as LOWERED

IMAGES = (7, 6, 4)


@pytest.fixture
def outputs(trace, draw, open_session):
    """outputs(build): images (N, H, W, C), weights, and what the layers make of them."""

    def run(build, shape=IMAGES):
        graph = trace(shape, build)
        weights = draw(graph)
        images = np.random.default_rng(1).normal(0.0, 2.0, (3, *shape))
        found = open_session(graph, weights).predict(images)
        return images, weights, found.transpose(0, 2, 3, 1) if found.ndim == 4 else found

    return run


def windows(x, kernel, stride=(1, 1), padding=(0, 0), fill=0.0):
    """(N, H, W, C) -> (N, H', W', C, *kernel)."""
    (top, left), (rows, columns) = padding, stride
    x = np.pad(x, ((0, 0), (top, top), (left, left), (0, 0)), constant_values=fill)
    return sliding_window_view(x, kernel, axis=(1, 2))[:, ::rows, ::columns]


def convolve(x, weight, groups=1, **window):
    parts = [
        np.einsum("nhwckl,fckl->nhwf", part, filters)
        for part, filters in zip(
            np.split(windows(x, weight.shape[2:], **window), groups, axis=3),
            np.split(weight, groups),
            strict=True,
        )
    ]
    return np.concatenate(parts, axis=3)


def normalize(x, axes, epsilon):
    centred = x - x.mean(axes, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axes, keepdims=True) + epsilon)


def close(found, expected):
    return found.shape == expected.shape and np.allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_every_op_of_the_vocabulary_is_lowered():
    assert OPS.keys() == LOWERED


def test_conv_pads_strides_and_adds_its_bias(outputs):
    x, weights, found = outputs(
        lambda net, x: net.conv(x, 5, (3, 2), stride=(2, 1), padding=(1, 0), name="conv")
    )
    expected = convolve(x, weights["conv.weight"], stride=(2, 1), padding=(1, 0))
    assert close(found, expected + weights["conv.bias"])


@pytest.mark.parametrize("groups", [2, 4])
def test_conv_splits_its_channels_into_groups(outputs, groups):
    x, weights, found = outputs(
        lambda net, x: net.conv(x, 8, 3, groups=groups, bias=False, name="conv")
    )
    assert list(weights) == ["conv.weight"]
    assert close(found, convolve(x, weights["conv.weight"], groups))


@pytest.mark.parametrize("bias", [True, False])
def test_dense_maps_the_last_axis(outputs, bias):
    x, weights, found = outputs(
        lambda net, x: net.dense(net.image_to_sequence(x), 3, bias=bias, name="fc")
    )
    expected = x.reshape(3, 42, 4) @ weights["fc.weight"].T
    assert close(found, expected + (weights["fc.bias"] if bias else 0.0))


def test_batch_norm_uses_its_running_statistics(outputs):
    x, w, found = outputs(lambda net, x: net.batch_norm(x, name="bn", epsilon=0.1))
    scale = w["bn.weight"] / np.sqrt(w["bn.running_var"] + 0.1)
    assert close(found, (x - w["bn.running_mean"]) * scale + w["bn.bias"])


def test_batch_norm_takes_vectors(outputs):
    x, w, found = outputs(
        lambda net, x: net.batch_norm(net.global_avg_pool(x), name="bn", epsilon=0.1)
    )
    scale = w["bn.weight"] / np.sqrt(w["bn.running_var"] + 0.1)
    assert close(found, (x.mean((1, 2)) - w["bn.running_mean"]) * scale + w["bn.bias"])


def test_layer_norm_normalizes_the_last_axis(outputs):
    x, w, found = outputs(
        lambda net, x: net.layer_norm(net.image_to_sequence(x), name="ln", epsilon=0.1)
    )
    expected = normalize(x.reshape(3, 42, 4), -1, 0.1)
    assert close(found, expected * w["ln.weight"] + w["ln.bias"])


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        ("relu", lambda x: np.maximum(x, 0.0)),
        ("relu6", lambda x: np.clip(x, 0.0, 6.0)),
        ("tanh", np.tanh),
        ("gelu", lambda x: x * (1.0 + np.vectorize(math.erf)(x / math.sqrt(2.0))) / 2.0),
    ],
)
def test_activations_are_elementwise(outputs, op, expected):
    x, _, found = outputs(lambda net, x: getattr(net, op)(x))
    assert close(found, expected(x))


def test_relu6_cuts_at_six(outputs):
    _, _, found = outputs(lambda net, x: net.relu6(net.add(net.add(x, x), net.add(x, x))))
    assert found.max() == 6.0


def test_dropout_passes_everything_in_evaluation(outputs):
    x, _, found = outputs(lambda net, x: net.dropout(x, 0.5))
    assert close(found, x)


def test_max_pool_pads_with_minus_infinity(outputs):
    x, _, found = outputs(lambda net, x: net.max_pool(x, 3, stride=2, padding=1))
    assert close(found, windows(x, (3, 3), (2, 2), (1, 1), -np.inf).max((-2, -1)))


def test_max_pool_takes_any_window(outputs):
    x, _, found = outputs(lambda net, x: net.max_pool(x, (3, 2), stride=(1, 2), padding=(1, 0)))
    assert close(found, windows(x, (3, 2), (1, 2), (1, 0), -np.inf).max((-2, -1)))


@pytest.mark.parametrize(("kernel", "stride"), [(2, None), ((3, 2), (2, 1)), (3, 1)])
def test_avg_pool_averages_whole_windows(outputs, kernel, stride):
    x, _, found = outputs(lambda net, x: net.avg_pool(x, kernel, stride=stride))
    pair = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    step = {None: pair, 1: (1, 1)}.get(stride, stride)
    assert close(found, windows(x, pair, step).mean((-2, -1)))


def test_global_avg_pool_averages_height_and_width(outputs):
    x, _, found = outputs(lambda net, x: net.global_avg_pool(x))
    assert close(found, x.mean((1, 2)))


def test_add_sums_two_tensors(outputs):
    x, _, found = outputs(lambda net, x: net.add(x, net.tanh(x)))
    assert close(found, x + np.tanh(x))


def test_flatten_is_channel_major(outputs):
    x, _, found = outputs(lambda net, x: net.flatten(x))
    assert close(found, x.transpose(0, 3, 1, 2).reshape(3, -1))


def test_image_to_sequence_goes_row_by_row(outputs):
    x, _, found = outputs(lambda net, x: net.image_to_sequence(x))
    assert close(found, x.reshape(3, 42, 4))


def test_class_token_comes_first(outputs):
    x, weights, found = outputs(
        lambda net, x: net.class_token(net.image_to_sequence(x), name="token")
    )
    token = np.broadcast_to(weights["token"], (3, 1, 4))
    assert close(found, np.concatenate([token, x.reshape(3, 42, 4)], axis=1))


def test_position_embedding_is_added(outputs):
    x, weights, found = outputs(
        lambda net, x: net.position_embedding(
            net.image_to_sequence(x), name="position", init=initializers.zeros
        )
    )
    assert close(found, x.reshape(3, 42, 4) + weights["position"])


def test_select_token_picks_one(outputs):
    x, _, found = outputs(lambda net, x: net.select_token(net.image_to_sequence(x), 5))
    assert close(found, x.reshape(3, 42, 4)[:, 5])


def test_self_attention_weighs_values_by_scaled_products(outputs):
    heads, width = 2, 4
    x, w, found = outputs(
        lambda net, x: net.self_attention(net.image_to_sequence(x), heads, name="attention")
    )
    packed = x.reshape(3, 42, width) @ w["attention.in_proj_weight"].T + w["attention.in_proj_bias"]
    query, key, value = (
        part.reshape(3, 42, heads, width // heads).transpose(0, 2, 1, 3)
        for part in np.split(packed, 3, axis=-1)
    )
    scores = np.exp(query @ key.swapaxes(-1, -2) / math.sqrt(width // heads))
    mixed = (scores / scores.sum(-1, keepdims=True) @ value).transpose(0, 2, 1, 3)
    expected = mixed.reshape(3, 42, width) @ w["attention.out_proj.weight"].T
    assert close(found, expected + w["attention.out_proj.bias"])


@pytest.mark.parametrize("size", [2, 5])
def test_local_response_norm_has_the_papers_alpha(outputs, size):
    x, _, found = outputs(
        lambda net, x: net.local_response_norm(x, size, alpha=0.5, beta=0.75, k=2.0)
    )
    squares = np.pad(x**2, ((0, 0), (0, 0), (0, 0), (size // 2, (size - 1) // 2)))
    sums = sliding_window_view(squares, size, axis=3).sum(-1)
    assert close(found, x / (2.0 + 0.5 * sums) ** 0.75)


def test_max_pool_rounds_up_where_asked(outputs):
    x, _, found = outputs(lambda net, x: net.max_pool(x, 3, stride=2, ceil=True))
    beyond = np.pad(x, ((0, 0), (0, 0), (0, 1), (0, 0)), constant_values=-np.inf)
    assert close(found, windows(beyond, (3, 3), (2, 2)).max((-2, -1)))


def test_avg_pool_counts_the_zeros_of_its_padding(outputs):
    x, _, found = outputs(lambda net, x: net.avg_pool(x, 3, stride=1, padding=1))
    assert close(found, windows(x, (3, 3), padding=(1, 1)).mean((-2, -1)))


def test_concat_puts_tokens_features_behind_each_other(outputs):
    x, _, found = outputs(
        lambda net, x: net.concat(net.image_to_sequence(x), net.tanh(net.image_to_sequence(x)))
    )
    tokens = x.reshape(3, 42, 4)
    assert close(found, np.concatenate([tokens, np.tanh(tokens)], axis=-1))


RATE = 0.25


@pytest.mark.parametrize("build", [lambda net, x: x, lambda net, x: net.image_to_sequence(x)])
def test_stochastic_depth_drops_whole_examples_and_scales_the_others(trace, open_session, build):
    graph = trace(IMAGES, lambda net, x: net.stochastic_depth(build(net, x), RATE))
    module = open_session(graph, {}).native.train()
    images = torch.ones((4000, IMAGES[2], *IMAGES[:2]), dtype=torch.float64)
    kept = module(images).flatten(1)
    assert torch.equal(kept, kept[:, :1].expand_as(kept))
    assert set(kept[:, 0].tolist()) == {0.0, 1 / (1 - RATE)}
    assert abs((kept[:, 0] == 0).double().mean().item() - RATE) < 0.035  # five deviations
    assert torch.equal(module.eval()(images).flatten(1), images.flatten(1))


@pytest.mark.parametrize(("rate", "expected"), [(0.0, 1.0), (1.0, 0.0)])
def test_stochastic_depth_takes_extreme_rates(trace, open_session, rate, expected):
    graph = trace(IMAGES, lambda net, x: net.stochastic_depth(x, rate))
    module = open_session(graph, {}).native.train()
    images = torch.ones((8, IMAGES[2], *IMAGES[:2]), dtype=torch.float64)
    assert torch.equal(module(images), images * expected)
