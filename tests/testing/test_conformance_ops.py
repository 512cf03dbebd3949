"""The kit fails backends whose ops compute something else: each here breaks one rule."""

import math
from types import MappingProxyType

import numpy as np
import pytest

from benchsuite.reference.oracle import OPERATIONS
from benchsuite.testing import NumpyBackend


def test_kit_accepts_the_reference(kit_complaints):
    assert not kit_complaints(NumpyBackend, "test_op_agrees_with_reference")


# Wrong ops: pitfalls that frameworks differ in, and plain slips.


def _shifted_padding(attrs, weights, x):
    """TensorFlow's 'same': at stride 2 and even sizes all of the padding is at the end."""
    if attrs["stride"] == (1, 1) or x.shape[1] % 2:
        return OPERATIONS["conv"](attrs, weights, x)
    pad = attrs["padding"][0]
    y = np.pad(x, ((0, 0), (0, 2 * pad), (0, 2 * pad), (0, 0)))
    return OPERATIONS["conv"]({**attrs, "padding": (0, 0)}, weights, y)


def _zero_padded_max(attrs, weights, x):
    top, left = attrs["padding"]
    y = np.pad(x, ((0, 0), (top, top), (left, left), (0, 0)))
    return OPERATIONS["max_pool"]({**attrs, "padding": (0, 0)}, weights, y)


def _tanh_gelu(attrs, weights, x):
    return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _heads_innermost(attrs, weights, x):
    """Columns d·heads + h instead of h·d + d."""
    order = np.arange(x.shape[-1]).reshape(-1, attrs["heads"]).T.ravel()
    packed = np.concatenate([order + part * x.shape[-1] for part in range(3)])
    changed = {
        **weights,
        "in_proj_weight": weights["in_proj_weight"][packed],
        "in_proj_bias": weights["in_proj_bias"][packed],
    }
    return OPERATIONS["self_attention"](attrs, changed, x)


def _scaled_by_whole_width(attrs, weights, x):
    """1/sqrt(D) instead of 1/sqrt(D / heads): the queries shrink by sqrt(heads)."""
    width = x.shape[-1]
    factor = np.where(np.arange(3 * width) < width, attrs["heads"] ** -0.5, 1.0).astype(x.dtype)
    changed = {
        **weights,
        "in_proj_weight": weights["in_proj_weight"] * factor[:, None],
        "in_proj_bias": weights["in_proj_bias"] * factor,
    }
    return OPERATIONS["self_attention"](attrs, changed, x)


def _with(op, **changes):
    return lambda attrs, weights, x: OPERATIONS[op]({**attrs, **changes}, weights, x)


def _without_bias(op, role="bias"):
    return lambda attrs, weights, x: OPERATIONS[op](
        attrs, {**weights, role: np.zeros_like(weights[role])} if role in weights else weights, x
    )


WRONG_OPS = {
    "conv shifts its padding": ("conv", _shifted_padding),
    "conv drops its bias": ("conv", _without_bias("conv")),
    "conv convolves, not correlates": (
        "conv",
        lambda a, w, x: OPERATIONS["conv"](a, {**w, "weight": w["weight"][..., ::-1, ::-1]}, x),
    ),
    "conv mixes height and width": (
        "conv",
        lambda a, w, x: OPERATIONS["conv"](
            a, {**w, "weight": w["weight"].swapaxes(-1, -2).reshape(w["weight"].shape)}, x
        ),
    ),
    "dense drops its bias": ("dense", _without_bias("dense")),
    "batch_norm has its own epsilon": ("batch_norm", _with("batch_norm", epsilon=1e-3)),
    "batch_norm has the other epsilon": ("batch_norm", _with("batch_norm", epsilon=1e-5)),
    "batch_norm normalises by the batch": (
        "batch_norm",
        lambda a, w, x: OPERATIONS["batch_norm"](a, {**w, "running_mean": x.mean(axis=0)}, x),
    ),
    "layer_norm has its own epsilon": ("layer_norm", _with("layer_norm", epsilon=1e-3)),
    "layer_norm uses the unbiased variance": (
        "layer_norm",
        lambda a, w, x: (
            (x - x.mean(-1, keepdims=True))
            / np.sqrt(x.var(-1, ddof=1, keepdims=True) + a["epsilon"])
            * w["weight"]
            + w["bias"]
        ),
    ),
    "relu6 is relu": ("relu6", OPERATIONS["relu"]),
    "gelu is the tanh approximation": ("gelu", _tanh_gelu),
    "dropout is on": ("dropout", lambda _a, _w, x: x * (np.arange(x.shape[-1]) % 2) * 2),
    "max_pool pads with zeros": ("max_pool", _zero_padded_max),
    "avg_pool is max_pool": ("avg_pool", OPERATIONS["max_pool"]),
    "global_avg_pool sums": ("global_avg_pool", lambda _a, _w, x: x.sum(axis=(1, 2))),
    "add doubles its first input": ("add", lambda _a, _w, x, y: x + x + 0 * y),
    "flatten is H, W, C": ("flatten", lambda _a, _w, x: x.reshape(len(x), -1)),
    "image_to_sequence is column by column": (
        "image_to_sequence",
        lambda a, w, x: OPERATIONS["image_to_sequence"](a, w, x.swapaxes(1, 2)),
    ),
    "class_token comes last": (
        "class_token",
        lambda a, w, x: np.roll(OPERATIONS["class_token"](a, w, x), -1, axis=1),
    ),
    "position_embedding is the same everywhere": (
        "position_embedding",
        lambda _a, w, x: x + w[""].mean(axis=1, keepdims=True),
    ),
    "self_attention has its heads innermost": ("self_attention", _heads_innermost),
    "self_attention scales by the whole width": ("self_attention", _scaled_by_whole_width),
    "self_attention drops its inner bias": (
        "self_attention",
        _without_bias("self_attention", "in_proj_bias"),
    ),
    "select_token takes the first": ("select_token", lambda _a, _w, x: x[:, 0]),
}


@pytest.mark.parametrize(("op", "function"), WRONG_OPS.values(), ids=WRONG_OPS)
def test_kit_fails_wrong_op(kit_complaints, op, function):
    class Wrong(NumpyBackend):
        operations = MappingProxyType({**OPERATIONS, op: function})

    complaints = kit_complaints(Wrong, "test_op_agrees_with_reference")
    assert any("differs from the reference" in complaint for complaint in complaints)
