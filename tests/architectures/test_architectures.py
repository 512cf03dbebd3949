"""Every architecture that is registered: a new one is tested by being there."""

import math

import numpy as np
import pytest

from benchsuite.contract import Setup
from benchsuite.errors import ShapeError
from benchsuite.graph import Architecture
from benchsuite.hooks import load_plugins
from benchsuite.testing import NumpyBackend, random_images, random_weights

REGISTRY = {name: entry.load() for name, entry in load_plugins().architectures.items()}
ALL = pytest.mark.parametrize("architecture", REGISTRY.values(), ids=REGISTRY)

#: Those whose patches must fill the image; the others take any size above their smallest.
PATCHES = {"vit_b_16": 16, "vit_small_cifar": 4}
#: Those that need more than 33×29.
LARGER = {
    **dict.fromkeys(("alexnet", "alexnet_paper"), (71, 65)),
    "inception_v3": (79, 75),
    "convnext_tiny": (41, 33),
    "googlenet_paper": (41, 33),
    **{f"vgg{depth}{suffix}": (41, 33) for depth in (11, 13, 16, 19) for suffix in ("", "_bn")},
}
#: Large ones, which take seconds each where they are computed.
LARGE = (
    *("alexnet", "convnext", "densenet169", "inception", "resnet18_cifar", "resnet50"),
    *("resnet101", "resnet152", "vgg", "vit_b"),
)
COMPUTED = pytest.mark.parametrize(
    "architecture",
    [
        pytest.param(
            architecture,
            marks=[pytest.mark.slow] if name.startswith(LARGE) else [],
            id=name,
        )
        for name, architecture in REGISTRY.items()
    ],
)
#: The largest of the smallest inputs.
ENOUGH = 80


def odd_size(architecture):
    """Height and width: odd, unequal and small; or what the patches allow."""
    if architecture.name in PATCHES:
        return (3 * PATCHES[architecture.name], PATCHES[architecture.name])
    return LARGER.get(architecture.name, (33, 29))


def test_registry_has_the_architectures_of_this_release():
    assert REGISTRY.keys() >= {
        *("lenet5", "simple_cnn", "cnn_mnist", "cnn_basic", "cnn_same", "cnn_pool_max"),
        *("cnn_pool_avg", "cnn_pool_global", "cnn_advanced", "cnn_deep", "cnn_bn", "mlp"),
        *("alexnet", "alexnet_paper", "googlenet", "googlenet_paper", "inception_v3"),
        *(f"vgg{depth}{suffix}" for depth in (11, 13, 16, 19) for suffix in ("", "_bn")),
        *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
        *("resnet18_cifar", "resnet20", "resnet56", "densenet121", "densenet169"),
        *("squeezenet1_0", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0"),
        *("convnext_tiny", "vit_b_16", "vit_small_cifar"),
    }


@ALL
def test_architecture_describes_itself(architecture):
    assert isinstance(architecture, Architecture)
    assert architecture.summary.endswith(".")
    assert architecture.paper


def test_no_architecture_is_listed_under_two_names():
    assert all(name == architecture.name for name, architecture in REGISTRY.items())
    assert len({id(architecture) for architecture in REGISTRY.values()}) == len(REGISTRY)


@ALL
def test_architecture_traces_at_its_own_size(architecture):
    graph = architecture.trace()
    assert graph.input_shape == architecture.input_shape
    assert graph.output.shape == (architecture.classes,)
    assert graph.name == architecture.name


@ALL
@pytest.mark.parametrize("classes", [1, 7])
def test_architecture_takes_any_number_of_classes(architecture, classes):
    """Only the head changes, by its weights and biases per class."""
    graph, own = architecture.trace(classes=classes), architecture.trace()
    assert graph.output.shape == (classes,)
    head = [node for node in graph.nodes if node.weights][-1]
    head_inputs = math.prod(head.weights[0].shape[1:])
    fewer = architecture.classes - classes
    assert own.parameters - graph.parameters == fewer * (head_inputs + 1)


@ALL
@pytest.mark.parametrize("channels", [1, 3])
def test_architecture_takes_one_and_three_channels(architecture, channels):
    height, width, _ = architecture.input_shape
    graph = architecture.trace((height, width, channels))
    assert graph.input_shape == (height, width, channels)


@ALL
def test_architecture_takes_odd_sizes_that_are_not_square(architecture):
    shape = (*odd_size(architecture), 3)
    assert architecture.trace(shape).input_shape == shape


@ALL
def test_architecture_says_what_its_smallest_input_is(architecture):
    """Below it the message names it, and at it the network is there."""
    smallest = next(size for size in range(1, ENOUGH) if _fits(architecture, size))
    if smallest > 1:
        with pytest.raises(ShapeError, match=f"{architecture.name} needs at least {smallest}×"):
            architecture.trace((smallest - 1, smallest - 1, 3))


def _fits(architecture, size):
    try:
        architecture.trace((size, size, 3))
    except ShapeError:
        return False
    return True


def test_fingerprints_are_unique():
    """At one size, so that a network copied under another name shows."""
    graphs = [architecture.trace((ENOUGH, ENOUGH, 3), 10) for architecture in REGISTRY.values()]
    assert len({graph.fingerprint for graph in graphs}) == len(graphs)


@ALL
def test_every_layer_is_used(architecture):
    """No layer is left over that nothing reads."""
    graph = architecture.trace()
    read = {name for node in graph.nodes for name in node.inputs}
    assert read == {node.name for node in graph.nodes} - {graph.output.name}


@COMPUTED
def test_architecture_predicts_in_the_reference(architecture):
    """Finite logits that tell two images apart, at a small size."""
    graph = architecture.trace((*odd_size(architecture), 1), 5)
    session = NumpyBackend().open(graph, random_weights(graph), Setup())
    logits = session.predict(random_images(graph, 2))
    assert logits.shape == (2, 5)
    assert np.isfinite(logits).all()
    assert not np.allclose(logits[0], logits[1], rtol=1e-2)


def test_vit_needs_whole_patches():
    with pytest.raises(ShapeError, match=r"cannot take 225×224: .* divisible by the patch size 16"):
        REGISTRY["vit_b_16"].trace((225, 224, 3))
    assert REGISTRY["vit_b_16"].trace((32, 48, 3)).by_name["class_token"].shape == (7, 768)
