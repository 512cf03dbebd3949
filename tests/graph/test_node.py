"""Graphs: their sums, their weights' names, and the fingerprint of what they compute."""

from dataclasses import FrozenInstanceError

import pytest

from benchsuite.graph import Builder, initializers


def tiny(**changes):
    """A small network, with any of its numbers, names or its structure changed."""
    chosen = {
        "shape": (6, 6, 3),
        "filters": 4,
        "padding": 1,
        "stride": 1,
        "bias": True,
        "name": "conv",
        "epsilon": 1e-5,
        "momentum": 0.1,
        "rate": 0.5,
        "activation": "relu",
        "swapped": False,
        "scope": "block",
        "init": initializers.fan_in_uniform,
        **changes,
    }
    net = Builder()
    images = net.input(chosen["shape"])
    with net.scope(chosen["scope"]):
        x = net.conv(
            images,
            chosen["filters"],
            3,
            padding=chosen["padding"],
            stride=chosen["stride"],
            bias=chosen["bias"],
            name=chosen["name"],
            init=chosen["init"],
        )
        x = net.batch_norm(x, name="bn", epsilon=chosen["epsilon"], momentum=chosen["momentum"])
        y = getattr(net, chosen["activation"])(x)
        x = net.add(y, x) if chosen["swapped"] else net.add(x, y)
    x = net.dropout(net.flatten(x), chosen["rate"])
    net.dense(x, 2, name="fc")
    return net.graph("tiny")


def test_fingerprint_is_stable():
    """Records of different days are compared by it: a change here is a change of schema."""
    expected = "3c4f455fb9ac1288a09db045239a7bd4b16119be59edb5e928ae88240294250f"
    assert tiny().fingerprint == expected


@pytest.mark.parametrize(
    "change",
    [
        {"shape": (7, 6, 3)},
        {"shape": (6, 6, 1)},
        {"filters": 5},
        {"padding": 2},
        {"stride": 2},
        {"bias": False},
        {"name": "conv1"},
        {"scope": "other"},
        {"epsilon": 1e-3},
        {"momentum": 0.01},
        {"rate": 0.25},
        {"activation": "tanh"},
        {"swapped": True},
    ],
    ids=str,
)
def test_fingerprint_follows_every_number_name_and_edge(change):
    assert tiny(**change).fingerprint != tiny().fingerprint


def test_fingerprint_leaves_initial_values_out():
    assert tiny(init=initializers.normal(3.0)).fingerprint == tiny().fingerprint


def test_fingerprint_leaves_the_architectures_name_out():
    net, other = Builder(), Builder()
    net.input((2, 2, 1))
    other.input((2, 2, 1))
    assert net.graph("a").fingerprint == other.graph("b").fingerprint


def test_graph_sums_its_nodes():
    """conv 4·3·9 + 4, bn 4 + 4 and 4 + 4 statistics, fc 2·144 + 2."""
    graph = tiny()
    assert graph.parameters == 4 * 3 * 9 + 4 + 8 + 2 * 144 + 2
    assert graph.buffers == 8
    assert graph.macs == 36 * 4 * 27 + 144 * 2
    assert graph.flops == 2 * graph.macs
    assert graph.ops == {
        "input",
        "conv",
        "batch_norm",
        "relu",
        "add",
        "flatten",
        "dropout",
        "dense",
    }


def test_graph_names_its_weights_canonically():
    assert list(tiny().weights) == [
        "block.conv.weight",
        "block.conv.bias",
        "block.bn.weight",
        "block.bn.bias",
        "block.bn.running_mean",
        "block.bn.running_var",
        "fc.weight",
        "fc.bias",
    ]


def test_weight_without_a_role_has_its_nodes_name():
    net = Builder()
    net.class_token(net.image_to_sequence(net.input((2, 2, 3))), name="class_token")
    assert list(net.graph("g").weights) == ["class_token"]


def test_graph_finds_nodes_by_name():
    graph = tiny()
    assert graph.by_name["block.bn"].op == "batch_norm"
    assert graph.output is graph.by_name["fc"]
    assert graph.by_name["block.add"].inputs == ("block.bn", "block.relu")


def test_graph_cannot_be_changed():
    graph = tiny()
    with pytest.raises(FrozenInstanceError):
        graph.name = "other"
    with pytest.raises(FrozenInstanceError):
        graph.output.name = "other"
