"""The builder records names, attributes and scopes, and refuses what cannot be."""

import pytest

from benchsuite.errors import ShapeError
from benchsuite.graph import Builder, initializers


@pytest.fixture
def net():
    return Builder()


def test_input_is_the_first_node(net):
    images = net.input((4, 5, 3))
    assert (images.name, images.op, images.shape, images.inputs) == (
        "input",
        "input",
        (4, 5, 3),
        (),
    )
    assert net.graph("g").input_shape == (4, 5, 3)


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3, 1), (0, 5, 3), (4, 5, -1)])
def test_input_refuses_other_shapes(net, shape):
    with pytest.raises(ShapeError, match=r"\(H, W, C\), all at least 1; got"):
        net.input(shape)


def test_scopes_nest_in_names_and_end(net):
    x = net.input((4, 4, 3))
    with net.scope("layer1.0"):
        x = net.conv(x, 4, 1, name="conv1")
        with net.scope("downsample"):
            x = net.batch_norm(x, name="1")
    x = net.conv(x, 4, 1, name="last")
    assert [node.name for node in net.graph("g").nodes[1:]] == [
        "layer1.0.conv1",
        "layer1.0.downsample.1",
        "last",
    ]


def test_scope_ends_after_an_error(net):
    x = net.input((4, 4, 3))
    with pytest.raises(ShapeError), net.scope("block"):
        net.conv(x, 4, 9, name="conv")
    assert net.conv(x, 4, 1, name="conv").name == "conv"


def test_layers_without_a_name_are_numbered_within_their_scope(net):
    x = net.input((4, 4, 3))
    first, second = net.relu(x), net.relu(x)
    with net.scope("block"):
        third = net.relu(x)
    assert [node.name for node in (first, second, third)] == ["relu", "relu_2", "block.relu"]


def test_names_are_unique(net):
    x = net.conv(net.input((4, 4, 3)), 4, 1, name="conv")
    with pytest.raises(ShapeError, match="two layers are named 'conv'"):
        net.conv(x, 4, 1, name="conv")


def test_attributes_spell_out_every_number(net):
    x = net.conv(net.input((8, 8, 4)), 6, 3, stride=(1, 2), padding=1, groups=2, name="conv")
    assert dict(x.attrs) == {
        "filters": 6,
        "kernel": (3, 3),
        "stride": (1, 2),
        "padding": (1, 1),
        "groups": 2,
        "bias": True,
    }
    assert dict(net.batch_norm(x, name="bn").attrs) == {"epsilon": 1e-5, "momentum": 0.1}
    assert dict(net.gelu(x).attrs) == {"approximate": "none"}


def test_pools_stride_by_their_kernel_unless_told(net):
    x = net.input((8, 9, 3))
    assert net.max_pool(x, (2, 3)).attrs["stride"] == (2, 3)
    assert net.avg_pool(x, 3, stride=1).attrs["stride"] == (1, 1)


def test_attributes_cannot_be_changed(net):
    x = net.conv(net.input((8, 8, 3)), 4, 3, name="conv")
    with pytest.raises(TypeError):
        x.attrs["filters"] = 5


def test_weights_take_the_rules_given(net):
    x = net.flatten(net.input((2, 3, 4)))
    x = net.dense(x, 5, name="fc", init=initializers.normal(0.5), bias_init=initializers.zeros)
    assert [weight.initializer for weight in x.weights] == [
        initializers.Normal(0.5),
        initializers.Constant(0.0),
    ]


def test_layer_without_bias_has_no_bias(net):
    x = net.conv(net.input((4, 4, 3)), 4, 1, bias=False, name="conv")
    assert [weight.role for weight in x.weights] == ["weight"]


def test_error_names_the_layer(net):
    x = net.input((4, 4, 3))
    with net.scope("stem"), pytest.raises(ShapeError, match=r"conv 'stem\.conv': a 5×7 window"):
        net.conv(x, 4, (5, 7), name="conv")


def test_layers_refuse_the_wrong_number_of_axes(net):
    vector = net.flatten(net.input((4, 4, 3)))
    with pytest.raises(ShapeError, match=r"conv 'c': needs an input of 3 axes, got \(48,\)"):
        net.conv(vector, 4, 3, name="c")
    with pytest.raises(ShapeError, match="flatten 'flatten_2': needs an input of 3 axes"):
        net.flatten(vector)
