"""Parameters, buffers and MACs, as integers: those published, or counted here by hand."""

from __future__ import annotations

import math

import pytest

from benchsuite.graph import Builder, initializers
from benchsuite.graph.initializers import Constant, Normal, Uniform
from benchsuite.hooks import load_plugins

#: name -> (trainable parameters, buffers, MACs) at the network's own size and classes.
#: torchvision's published figures for its networks; buffers are mean and variance per channel.
PUBLISHED = {
    "lenet5": (61_706, 0, 416_520),
    "simple_cnn": (390_858, 2 * (32 + 64 + 128), 7_748_608),
    "cnn_mnist": (225_034, 0, 2_631_040),
    "cnn_basic": (122_570, 0, 4_548_608),
    "cnn_same": (582_026, 0, 8_488_192),
    "cnn_pool_max": (42_442, 0, 3_915_648),
    "cnn_pool_avg": (42_442, 0, 3_915_648),
    "cnn_pool_global": (20_042, 0, 15_228_928),
    "cnn_advanced": (736_362, 737_834 - 736_362, 15_602_048),
    "cnn_deep": (671_178, 0, 56_229_888),
    "resnet18": (11_689_512, 9_600, 1_814_073_344),
    "resnet50": (25_557_032, 53_120, 4_089_184_256),
    "resnet18_cifar": (11_173_962, 9_600, 555_422_720),
    "mobilenet_v2": (3_504_872, 34_112, 300_774_272),
    "vit_b_16": (86_567_656, 0, 17_563_828_224),
}


def trace(name):
    return load_plugins().architectures[name].load().trace()


@pytest.mark.parametrize(("name", "figures"), PUBLISHED.items(), ids=PUBLISHED)
def test_architecture_has_the_published_figures(name, figures):
    graph = trace(name)
    assert (graph.parameters, graph.buffers, graph.macs) == figures


def test_mlp_figures():
    """28·28 inputs, 512 units, ten classes: a weight per pair and a bias per unit."""
    graph = trace("mlp")
    assert graph.parameters == 784 * 512 + 512 + 512 * 10 + 10
    assert graph.macs == 784 * 512 + 512 * 10
    assert graph.buffers == 0


def test_cnn_bn_figures():
    """32 -> 30 -> 28, pooled to 14 -> 12 -> 10, pooled to 5: 5·5·64 inputs to the head."""
    graph = trace("cnn_bn")
    weights = 3 * 9 * 32 + 32 * 9 * 32 + 32 * 9 * 64 + 64 * 9 * 64
    biases = 32 + 32 + 64 + 64
    norms = 2 * 32 + 2 * 64
    head = 1600 * 64 + 64 + 64 * 10 + 10
    assert graph.parameters == weights + biases + norms + head
    assert graph.buffers == 2 * 32 + 2 * 64
    assert graph.macs == (
        30**2 * 3 * 9 * 32
        + 28**2 * 32 * 9 * 32
        + 12**2 * 32 * 9 * 64
        + 10**2 * 64 * 9 * 64
        + 1600 * 64
        + 64 * 10
    )


def test_resnet50_strides_on_the_3x3():
    """Pitfall 25: v1.5."""
    graph = trace("resnet50")
    assert graph.by_name["layer2.0.conv1"].attrs["stride"] == (1, 1)
    assert graph.by_name["layer2.0.conv2"].attrs["stride"] == (2, 2)


# Initial values: torchvision's.


def initial(name):
    return {key: weight.initializer for key, weight in trace(name).weights.items()}


def test_resnet_starts_as_torchvisions():
    weights = initial("resnet18")
    assert weights["conv1.weight"] == Normal(math.sqrt(2 / (64 * 49)))
    assert weights["layer2.0.downsample.0.weight"] == Normal(math.sqrt(2 / 128))
    assert weights["layer1.1.bn2.weight"] == Constant(1.0)
    assert weights["fc.weight"] == weights["fc.bias"] == Uniform(1 / math.sqrt(512))


def test_mobilenet_starts_as_torchvisions():
    """The fan-out of a depthwise convolution is PyTorch's, filters·k²."""
    weights = initial("mobilenet_v2")
    assert weights["features.2.conv.1.0.weight"] == Normal(math.sqrt(2 / (96 * 9)))
    assert weights["classifier.1.weight"] == Normal(0.01)
    assert weights["classifier.1.bias"] == Constant(0.0)


def test_vit_starts_as_torchvisions():
    weights = initial("vit_b_16")
    layer = "encoder.layers.encoder_layer_7"
    assert weights["class_token"] == weights["heads.head.weight"] == Constant(0.0)
    assert weights["encoder.pos_embedding"] == Normal(0.02)
    assert weights["conv_proj.weight"] == Normal(math.sqrt(1 / (3 * 16 * 16)))
    assert weights["conv_proj.bias"] == weights["heads.head.bias"] == Constant(0.0)
    assert weights[f"{layer}.mlp.0.weight"] == Uniform(math.sqrt(6 / (768 + 3072)))
    assert weights[f"{layer}.mlp.3.bias"] == Normal(1e-6)
    assert weights[f"{layer}.self_attention.in_proj_weight"] == Uniform(math.sqrt(6 / (4 * 768)))


def test_vit_patches_need_no_truncation():
    """torchvision cuts at ±2: beyond thirty standard deviations, for any number of channels."""
    net = Builder()
    x = net.conv(net.input((16, 16, 1)), 2, 16, name="conv", init=initializers.lecun_normal)
    assert 2 / x.weights[0].initializer.std > 30


def test_teaching_networks_start_as_pytorch_does():
    weights = initial("lenet5")
    assert weights["conv2.weight"] == weights["conv2.bias"] == Uniform(1 / math.sqrt(6 * 25))
