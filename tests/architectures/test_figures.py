"""Parameters, buffers and MACs, as integers: those published, or counted here by hand."""

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
#: name -> (trainable parameters, 10⁹ MACs to the digit that is printed), torchvision's and,
#: for `alexnet_paper`, of its paper's layers.
PRINTED = {
    "alexnet": (61_100_840, "0.714"),
    "alexnet_paper": (62_378_344, "1.135"),
    "vgg11": (132_863_336, "7.609"),
    "vgg13": (133_047_848, "11.308"),
    "vgg16": (138_357_544, "15.470"),
    "vgg19": (143_667_240, "19.632"),
    "vgg11_bn": (132_868_840, "7.609"),
    "vgg13_bn": (133_053_736, "11.308"),
    "vgg16_bn": (138_365_992, "15.470"),
    "vgg19_bn": (143_678_248, "19.632"),
    "googlenet": (6_624_904, "1.498"),
    "inception_v3": (23_834_568, "5.713"),
    "resnet34": (21_797_672, "3.664"),
    "resnet101": (44_549_160, "7.801"),
    "resnet152": (60_192_808, "11.514"),
    "densenet121": (7_978_856, "2.834"),
    "densenet169": (14_149_480, "3.360"),
    "squeezenet1_0": (1_248_424, "0.819"),
    "mobilenet_v3_small": (2_542_856, "0.057"),
    "efficientnet_b0": (5_288_548, "0.386"),
    "convnext_tiny": (28_589_128, "4.456"),
}


def trace(name):
    return load_plugins().architectures[name].load().trace()


@pytest.mark.parametrize(("name", "figures"), PUBLISHED.items(), ids=PUBLISHED)
def test_architecture_has_the_published_figures(name, figures):
    graph = trace(name)
    assert (graph.parameters, graph.buffers, graph.macs) == figures


@pytest.mark.parametrize(("name", "figures"), PRINTED.items(), ids=PRINTED)
def test_architecture_has_the_printed_figures(name, figures):
    graph = trace(name)
    assert (graph.parameters, f"{graph.macs / 1e9:.3f}") == figures


def test_googlenet_paper_figures():
    """Table 1 of the paper, counted by its widths: every convolution has a bias."""
    stem = 3 * 49 * 64 + 64 + 64 * 64 + 64 + 64 * 9 * 192 + 192
    modules = (
        (192, (64, 96, 128, 16, 32, 32)),
        (256, (128, 128, 192, 32, 96, 64)),
        (480, (192, 96, 208, 16, 48, 64)),
        (512, (160, 112, 224, 24, 64, 64)),
        (512, (128, 128, 256, 24, 64, 64)),
        (512, (112, 144, 288, 32, 64, 64)),
        (528, (256, 160, 320, 32, 128, 128)),
        (832, (256, 160, 320, 32, 128, 128)),
        (832, (384, 192, 384, 48, 128, 128)),
    )
    total = stem + 1024 * 1000 + 1000
    for channels, (one, reduce3, three, reduce5, five, pool) in modules:
        total += channels * (one + reduce3 + reduce5 + pool)
        total += reduce3 * 9 * three + reduce5 * 25 * five
        total += one + reduce3 + three + reduce5 + five + pool
    assert trace("googlenet_paper").parameters == total


@pytest.mark.parametrize(("name", "depth"), [("resnet20", 3), ("resnet56", 9)])
def test_resnets_for_small_images_have_the_papers_figures(name, depth):
    """Section 4.2: 6n + 2 layers, shortcuts without weights."""
    total = 3 * 9 * 16 + 2 * 16
    for before, width in ((16, 16), (16, 32), (32, 64)):
        total += before * 9 * width + (2 * depth - 1) * width * 9 * width + 4 * depth * width
    assert trace(name).parameters == total + 64 * 10 + 10
    convolutions = [node for node in trace(name).nodes if node.op == "conv"]
    assert len(convolutions) == 6 * depth + 1


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
