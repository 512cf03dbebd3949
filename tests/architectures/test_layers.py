"""Layer by layer: what figures and names cannot tell, such as activations, order and rates.

Written out from the published tables and from torchvision's modules.
"""

from collections import Counter
from itertools import pairwise

import pytest

from benchsuite.hooks import load_plugins

#: ops in order of execution; convolutions and dense layers with their width, dropout its rate
CHAINS = {
    "lenet5": "conv6 tanh avg_pool conv16 tanh avg_pool flatten dense120 tanh dense84 tanh dense10",
    "mlp": "flatten dense512 relu dropout0.2 dense10",
    "simple_cnn": "conv32 batch_norm relu max_pool conv64 batch_norm relu max_pool "
    "conv128 batch_norm relu max_pool flatten dropout0.25 dense256 relu dropout0.5 dense10",
    "cnn_mnist": "conv32 relu max_pool conv64 relu max_pool flatten dense128 relu dense10",
    "cnn_basic": "conv32 relu max_pool conv64 relu max_pool conv64 relu flatten "
    "dense64 relu dense10",
    "cnn_same": "conv32 relu max_pool conv64 relu max_pool conv64 relu flatten "
    "dense128 relu dense10",
    "cnn_pool_max": "conv32 relu max_pool conv64 relu max_pool flatten dense10",
    "cnn_pool_avg": "conv32 relu avg_pool conv64 relu avg_pool flatten dense10",
    "cnn_pool_global": "conv32 relu conv64 relu global_avg_pool dense10",
    "cnn_advanced": "conv32 relu batch_norm conv32 relu max_pool dropout0.25 "
    "conv64 relu batch_norm conv64 relu max_pool dropout0.25 conv128 relu batch_norm dropout0.25 "
    "flatten dense512 relu batch_norm dropout0.5 dense10",
    "cnn_deep": "conv64 relu conv64 relu max_pool conv128 relu conv128 relu max_pool flatten "
    "dense128 relu dense10",
    "cnn_bn": "conv32 relu batch_norm conv32 relu max_pool conv64 relu batch_norm conv64 relu "
    "max_pool flatten dense64 relu dense10",
}

#: how often each op occurs in torchvision's modules: the stem, the blocks, the head
COUNTS = {
    "resnet18": {"conv": 20, "batch_norm": 20, "relu": 1 + 8 * 2, "add": 8, "max_pool": 1},
    "resnet50": {"conv": 53, "batch_norm": 53, "relu": 1 + 16 * 3, "add": 16, "max_pool": 1},
    "resnet18_cifar": {"conv": 20, "batch_norm": 20, "relu": 1 + 8 * 2, "add": 8},
    "mobilenet_v2": {
        "conv": 52,
        "batch_norm": 52,
        "relu6": 2 + 1 + 16 * 2,
        "add": 10,
        "dropout": 1,
    },
    "vit_b_16": {
        "conv": 1,
        "image_to_sequence": 1,
        "class_token": 1,
        "position_embedding": 1,
        "layer_norm": 12 * 2 + 1,
        "self_attention": 12,
        "gelu": 12,
        "add": 12 * 2,
        "dense": 12 * 2 + 1,
        "select_token": 1,
    },
}


def trace(name):
    return load_plugins().architectures[name].load().trace()


def word(node):
    width = {"conv": "filters", "dense": "units", "dropout": "rate"}.get(node.op)
    return f"{node.op}{node.attrs[width]}" if width else node.op


@pytest.mark.parametrize(("name", "layers"), CHAINS.items(), ids=CHAINS)
def test_chain_has_its_layers_in_order(name, layers):
    nodes = trace(name).nodes
    assert [word(node) for node in nodes[1:]] == layers.split()
    assert all(node.inputs == (before.name,) for before, node in pairwise(nodes))


@pytest.mark.parametrize(("name", "counts"), COUNTS.items(), ids=COUNTS)
def test_network_has_its_ops(name, counts):
    found = Counter(node.op for node in trace(name).nodes)
    head = {} if name == "vit_b_16" else {"global_avg_pool": 1, "dense": 1}
    assert found == Counter({"input": 1, **counts, **head})


#: Where torchvision's BatchNorm has other numbers than PyTorch's 1e-5 and 0.1.
BATCH_NORMS = {
    "googlenet": (1e-3, 0.1),
    "inception_v3": (1e-3, 0.1),
    "mobilenet_v3_small": (1e-3, 0.01),
}


def test_normalisations_have_torchvisions_numbers():
    for name in load_plugins().architectures:
        for node in trace(name).nodes:
            if node.op == "batch_norm":
                numbers = (node.attrs["epsilon"], node.attrs["momentum"])
                assert numbers == BATCH_NORMS.get(name, (1e-5, 0.1)), name
            if node.op == "layer_norm":
                assert node.attrs["epsilon"] == 1e-6


def edges(graph, name):
    return graph.by_name[name].inputs


def test_basic_block_adds_before_its_last_relu():
    graph = trace("resnet18")
    assert edges(graph, "layer2.0.add") == ("layer2.0.bn2", "layer2.0.downsample.1")
    assert edges(graph, "layer2.0.relu_2") == ("layer2.0.add",)
    assert edges(graph, "layer2.1.add") == ("layer2.1.bn2", "layer2.0.relu_2")
    assert edges(graph, "layer2.0.downsample.0") == ("layer1.1.relu_2",)
    stem = graph.by_name["max_pool"].attrs
    assert dict(stem) == {
        "kernel": (3, 3),
        "stride": (2, 2),
        "padding": (1, 1),
        "ceil": False,
    }


def test_inverted_residual_has_a_linear_projection():
    graph = trace("mobilenet_v2")
    assert edges(graph, "features.3.add") == ("features.2.conv.3", "features.3.conv.3")
    assert edges(graph, "features.3.conv.0.0") == ("features.2.conv.3",)
    assert edges(graph, "features.2.conv.2") == ("features.2.conv.1.relu6",)
    assert graph.by_name["dropout"].attrs["rate"] == 0.2


def test_encoder_layer_normalises_first():
    """x + attention(ln_1(x)), then x + mlp(ln_2(x))."""
    graph, prefix = trace("vit_b_16"), "encoder.layers.encoder_layer_0"
    chain = {
        "ln_1": ("encoder.pos_embedding",),
        "self_attention": (f"{prefix}.ln_1",),
        "add": (f"{prefix}.self_attention", "encoder.pos_embedding"),
        "ln_2": (f"{prefix}.add",),
        "mlp.0": (f"{prefix}.ln_2",),
        "mlp.gelu": (f"{prefix}.mlp.0",),
        "mlp.3": (f"{prefix}.mlp.gelu",),
        "add_2": (f"{prefix}.add", f"{prefix}.mlp.3"),
    }
    assert {name: edges(graph, f"{prefix}.{name}") for name in chain} == chain
    assert graph.by_name[f"{prefix}.self_attention"].attrs["heads"] == 12
    assert edges(graph, "select_token") == ("encoder.ln",)
    assert graph.by_name["select_token"].attrs["index"] == 0
