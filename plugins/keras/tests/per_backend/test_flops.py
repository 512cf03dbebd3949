"""XLA's own count of each network, against the graph's: every difference has a name.

XLA counts floating-point operations, two for a multiply-accumulate, of the program as it is
handed over, before any optimisation. It leaves out what the graph counts (taps that lie in the
padding, unless a layer of its own has padded before the convolution), and counts what the graph
leaves out (biases, activations, pools, normalisation).
"""

import math

import numpy as np
import pytest

from benchsuite.hooks import load_plugins

ARCHITECTURES = {
    "lenet5": (28, 28, 1),
    "cnn_pool_avg": (33, 32, 3),
    "cnn_advanced": (32, 32, 3),
    "resnet20": (32, 32, 3),
    "squeezenet1_0": (33, 33, 3),
    "mobilenet_v2": (32, 32, 3),
}


def padded_taps(node, image):
    """Operations on the padding of a convolution that pads by itself, which XLA leaves out."""
    axes = zip(
        image,
        node.shape,
        *(node.attrs[name] for name in ("kernel", "stride", "padding")),
        strict=False,
    )
    inside = math.prod(
        sum(
            0 <= start * stride + tap - padding < extent
            for start in range(count)
            for tap in range(kernel)
        )
        for extent, count, kernel, stride, padding in axes
    )
    height, width, filters = node.shape
    every = height * width * math.prod(node.attrs["kernel"])
    return 2 * (every - inside) * filters * image[-1] // node.attrs["groups"]


def bias(node):
    return math.prod(node.shape) * node.attrs["bias"]


def reduced_windows(node):
    return math.prod(node.shape) * (math.prod(node.attrs["kernel"]) - 1)


#: op -> (node, shape of its input) -> FLOPs by XLA, less 2 · MACs by the graph
EXPLAINED = {
    "input": lambda node, image: 0,
    "conv": lambda node, image: bias(node),
    "dense": lambda node, image: bias(node),
    # one maximum
    "relu": lambda node, image: math.prod(node.shape),
    # a minimum and a maximum
    "relu6": lambda node, image: 2 * math.prod(node.shape),
    # XLA counts it as a transcendental function, apart
    "tanh": lambda node, image: 0,
    "add": lambda node, image: math.prod(node.shape),
    # a product and a sum for each element, and five operations for each channel's two numbers
    "batch_norm": lambda node, image: 2 * math.prod(node.shape) + 5 * node.shape[-1],
    "max_pool": lambda node, image: reduced_windows(node),
    # and one quotient for each window
    "avg_pool": lambda node, image: reduced_windows(node) + math.prod(node.shape),
    "global_avg_pool": lambda node, image: math.prod(image),
    "adaptive_avg_pool": lambda node, image: math.prod(image),
    # nothing is computed
    "flatten": lambda node, image: 0,
    "dropout": lambda node, image: 0,
    "concat": lambda node, image: 0,
    "pad_channels": lambda node, image: 0,
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_xla_counts_the_graphs_flops_and_what_is_explained(open_session, framework, name):
    if framework != "jax":
        pytest.skip("XLA counts what JAX hands over to it")
    import jax

    graph = load_plugins().architectures[name].load().trace(ARCHITECTURES[name], 10)
    weights = {name: np.zeros(weight.shape, np.float32) for name, weight in graph.weights.items()}
    session = open_session(graph, weights)
    images = np.zeros((1, *graph.input_shape), np.float32)
    forward = jax.jit(session._logits).lower(session._model_state(), images)
    layers = {layer.name for layer in session.native.layers}
    explained = sum(
        EXPLAINED[node.op](node, graph.by_name[node.inputs[0]].shape if node.inputs else ())
        for node in graph.nodes
    )
    explained -= sum(
        padded_taps(node, graph.by_name[node.inputs[0]].shape)
        for node in graph.nodes
        if node.op == "conv" and f"{node.name}-pad".replace(".", "-") not in layers
    )
    # XLA adds up in float32, and counts one conversion for each zero that a layer pads with
    counted = forward.cost_analysis()["flops"]
    assert counted == pytest.approx(graph.flops + explained, rel=1e-6)
