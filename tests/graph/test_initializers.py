"""Initial distributions: their moments, and the fans that PyTorch defines."""

import math

import numpy as np
import pytest

from benchsuite.graph import Builder, initializers
from benchsuite.graph.initializers import Constant, Fans, Normal, Uniform

MANY = (400, 500)


def draw(initializer):
    return initializer.draw(np.random.default_rng(0), MANY)


def test_constant_is_constant():
    assert np.array_equal(draw(Constant(0.5)), np.full(MANY, 0.5, np.float32))


def test_uniform_has_its_bounds_and_moments():
    drawn = draw(Uniform(0.3))
    assert drawn.dtype == np.float32
    assert -0.3 <= drawn.min() < -0.299
    assert 0.299 < drawn.max() <= 0.3
    assert drawn.mean() == pytest.approx(0.0, abs=2e-3)
    assert drawn.std() == pytest.approx(0.3 / math.sqrt(3), rel=0.01)


def test_normal_has_its_moments_and_is_not_truncated():
    """Pitfall 6: the largest of 200,000 lies beyond four standard deviations, not at two."""
    drawn = draw(Normal(0.02))
    assert drawn.dtype == np.float32
    assert drawn.mean() == pytest.approx(0.0, abs=2e-4)
    assert drawn.std() == pytest.approx(0.02, rel=0.01)
    assert np.abs(drawn).max() > 4 * 0.02


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (initializers.fan_in_uniform, Uniform(1 / 5)),
        (initializers.kaiming_normal_fan_out, Normal(math.sqrt(2 / 50))),
        (initializers.lecun_normal, Normal(1 / 5)),
        (initializers.xavier_uniform, Uniform(math.sqrt(6 / 75))),
        (initializers.normal(0.01), Normal(0.01)),
        (initializers.zeros, Constant(0.0)),
    ],
)
def test_rules_turn_fans_into_distributions(rule, expected):
    found = rule(Fans(fan_in=25, fan_out=50))
    assert type(found) is type(expected)
    (value,) = (getattr(found, field) for field in found.__dataclass_fields__)
    assert value == pytest.approx(getattr(expected, next(iter(expected.__dataclass_fields__))))


def fans_of(node):
    """The fans that a layer's rules were asked with."""
    seen = []
    node(lambda fans: seen.append(fans) or Constant(0.0))
    return seen[0]


def test_conv_fans_are_pytorchs():
    """`_calculate_fan_in_and_fan_out` of (64, 3, 7, 7)."""
    net = Builder()
    x = net.input((8, 8, 3))
    fans = fans_of(lambda rule: net.conv(x, 64, 7, name="conv", init=rule))
    assert fans == Fans(fan_in=3 * 49, fan_out=64 * 49)


def test_depthwise_conv_fan_in_is_its_window():
    """Pitfall 7: k², not k²·C; the fan-out is PyTorch's filters·k²."""
    net = Builder()
    x = net.input((8, 8, 256))
    fans = fans_of(lambda rule: net.conv(x, 256, 3, groups=256, name="conv", init=rule))
    assert fans == Fans(fan_in=9, fan_out=256 * 9)


def test_bias_has_the_fans_of_its_weight():
    net = Builder()
    x = net.flatten(net.input((2, 3, 4)))
    fans = fans_of(lambda rule: net.dense(x, 5, name="fc", bias_init=rule))
    assert fans == Fans(fan_in=24, fan_out=5)


def test_attention_starts_as_pytorchs_multihead_attention():
    """Packed Xavier uniform with fans D and 3D; the output as a linear layer; no biases."""
    net = Builder()
    x = net.self_attention(net.image_to_sequence(net.input((2, 2, 8))), 2, name="attention")
    assert {weight.role: weight.initializer for weight in x.weights} == {
        "in_proj_weight": Uniform(math.sqrt(6 / (8 + 24))),
        "in_proj_bias": Constant(0.0),
        "out_proj.weight": Uniform(1 / math.sqrt(8)),
        "out_proj.bias": Constant(0.0),
    }


@pytest.mark.parametrize("norm", ["batch_norm", "layer_norm"])
def test_norms_start_as_the_identity(norm):
    net = Builder()
    x = net.image_to_sequence(net.input((2, 2, 8)))
    node = getattr(net, norm)(x, name="norm", epsilon=1e-5)
    values = {weight.role: weight.initializer.value for weight in node.weights}
    expected = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}
    assert values == {role: expected[role] for role in values}
