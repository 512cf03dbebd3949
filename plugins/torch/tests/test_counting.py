"""The module's own parameters and MACs, against the graph's, by two counters."""

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode, flop_registry

from benchsuite.contract import Batch
from benchsuite.hooks import load_plugins
from benchsuite_torch.counting import count
from benchsuite_torch.lowering import lower_without_weights

ARCHITECTURES = sorted(load_plugins().architectures)
#: Hundreds of layers: seconds each.
DEEP = {"densenet121", "densenet169", "inception_v3", "resnet101", "resnet152"}
#: The smallest input, where 32 pixels are not enough.
SIZES = {"alexnet": 63, "alexnet_paper": 67, "inception_v3": 75}


@pytest.fixture
def traced():
    """traced(name): an architecture's graph for a small input."""

    def run(name):
        architecture = load_plugins().architectures[name].load()
        size = SIZES.get(name, 32)
        shape = (size, size, 3) if architecture.input_shape[0] > 32 else None
        return architecture.trace(shape)

    return run


@pytest.fixture
def module():
    """module(graph): on the CPU, with whatever weights the memory holds."""
    made = []

    def run(graph):
        made.append(lower_without_weights(graph).to_empty(device="cpu").eval())
        return made[-1]

    yield run
    for each in made:
        each.to("meta")  # frees the memory at once


def an_image(graph, device="cpu"):
    height, width, channels = graph.input_shape
    return torch.zeros((1, channels, height, width), device=device)


def flops(module, image):
    with FlopCounterMode(display=False) as counter:
        module(image)
    return counter.get_total_flops()


def fused_attention(graph):
    """MACs of Q·Kᵀ and of its product with V, in all attention layers: 2·T²·D in each."""
    shapes = [node.shape for node in graph.nodes if node.op == "self_attention"]
    return sum(2 * tokens * tokens * width for tokens, width in shapes)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in DEEP else [])
        for name in ARCHITECTURES
    ],
)
def test_counts_equal_the_graphs(name, traced, module, recwarn, caplog):
    graph = traced(name)
    counts = count(module(graph), an_image(graph))
    assert counts.parameters == graph.parameters
    assert counts.macs == graph.macs
    assert counts.counter.startswith("fvcore ")
    assert not caplog.records
    assert [str(w.message) for w in recwarn] == []


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_flop_counter_finds_two_flops_per_mac_at_full_size(name):
    """On the `meta` device: nothing is computed, and attention is not fused."""
    graph = load_plugins().architectures[name].load().trace()
    module = lower_without_weights(graph).eval()
    assert flops(module, an_image(graph, "meta")) == 2 * graph.macs


@pytest.mark.parametrize("name", ["vit_b_16", "vit_small_cifar"])
def test_flop_counter_misses_the_cpus_fused_attention_and_nothing_else(name, traced, module):
    """Newer versions of PyTorch count it, too."""
    graph = traced(name)
    assert fused_attention(graph) > 0
    known = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu in flop_registry
    missed = 0 if known else fused_attention(graph)
    found = flops(module(graph), an_image(graph))
    assert found == 2 * (graph.macs - missed)


def fvcores_own_figures(module, image):
    """By operator, as fvcore has them without this plugin's handle for attention."""
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(module, image)
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    return analysis.by_operator()


# fvcore traces: which warning PyTorch has for that depends on its version.
@pytest.mark.filterwarnings(r"ignore:`torch\.jit\.\w+` is (deprecated|not supported)")
@pytest.mark.parametrize(
    ("name", "surplus"),
    [
        # BatchNorm in evaluation: a multiplication and an addition per element.
        ("resnet18_cifar", {"batch_norm": lambda g: 2 * elements(g, "batch_norm")}),
        # LayerNorm: five passes over the elements. Attention is missed.
        ("vit_small_cifar", {"layer_norm": lambda g: 5 * elements(g, "layer_norm")}),
        # Adaptive pools: an addition per element of the input.
        (
            "efficientnet_b0",
            {
                "batch_norm": lambda g: 2 * elements(g, "batch_norm"),
                "adaptive_avg_pool2d": lambda g: elements_before(g, "adaptive_avg_pool"),
            },
        ),
    ],
)
def test_fvcore_by_itself_counts_more_and_less(name, surplus, traced, module):
    graph = traced(name)
    found = fvcores_own_figures(module(graph), an_image(graph))
    assert {op: found.pop(op) for op in surplus} == {op: n(graph) for op, n in surplus.items()}
    assert sum(found.values()) == graph.macs - fused_attention(graph)


def elements(graph, op):
    return sum(int(np.prod(node.shape)) for node in graph.nodes if node.op == op)


def elements_before(graph, op):
    inputs = [graph.by_name[node.inputs[0]] for node in graph.nodes if node.op == op]
    return sum(int(np.prod(node.shape)) for node in inputs)


def test_counts_are_of_the_module_and_not_of_the_graph(trace, draw, open_session):
    def build(net, x):
        x = net.global_avg_pool(net.conv(x, 4, 3, name="conv"))
        return net.dense(x, 5, name="fc")

    graph = trace((6, 6, 2), build)
    session = open_session(graph, draw(graph))
    session.native.conv.stride = (2, 2)
    session.native.fc.bias.requires_grad_(False)
    counts = session.counts()
    assert counts.macs == 2 * 2 * 4 * (3 * 3 * 2) + 4 * 5
    assert counts.parameters == graph.parameters - 5


def test_counts_leave_a_trained_session_as_it_was(trace, draw, open_session):
    def build(net, x):
        return net.dense(net.flatten(net.batch_norm(x, name="bn")), 5, name="fc")

    graph = trace((4, 4, 2), build)
    session = open_session(graph, draw(graph))
    session.train([Batch(np.ones((3, 4, 4, 2)), np.array([0, 1, 2]))], [0.1])
    before = session.weights()
    session.counts()
    after = session.weights()
    assert all(np.array_equal(after[name], before[name]) for name in before)
