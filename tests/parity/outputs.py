"""Runs one backend over every architecture: `python outputs.py BACKEND FILE.npz`.

A process of its own for each backend: two frameworks never share one.
"""

import sys

import numpy as np

from benchsuite.contract import Batch, Setup
from benchsuite.hooks import load_plugins
from benchsuite.testing import random_images, random_weights

#: Odd where the network allows it, and small: the largest networks are made for 224 px.
SIZES = {"vit_b_16": 32, "resnet50": 65, "resnet18": 65, "mobilenet_v2": 65}
#: Small networks that train with BatchNorm, residuals, pools and dense layers.
TRAINED = ("cnn_bn", "resnet18_cifar")
RATES = (0.05, 0.05, 0.05, 0.005, 0.005, 0.005)


def graph_of(plugins, name):
    architecture = plugins.architectures[name].load()
    size = SIZES.get(name)
    channels = architecture.input_shape[2]
    shape = (size, size, channels) if size else architecture.input_shape
    return architecture.trace(shape, 7)


def trained_graph(plugins, name):
    return plugins.architectures[name].load().trace((16, 16, 3), 7)


def batches(graph):
    generator = np.random.default_rng(5)
    for _ in RATES:
        images = generator.integers(0, 256, (4, *graph.input_shape), np.uint8)
        yield Batch(images, generator.integers(0, 7, 4))


def outputs(backend, plugins):
    setup = Setup(precision="fp64")
    for name in plugins.architectures:
        graph = graph_of(plugins, name)
        session = backend.open(graph, random_weights(graph), setup)
        yield f"logits/{name}", session.predict(random_images(graph, 3))
        session.close()
    if backend.name == "numpy":
        return
    for name in TRAINED:
        graph = trained_graph(plugins, name)
        session = backend.open(graph, random_weights(graph), setup)
        yield f"losses/{name}", session.train(batches(graph), RATES)
        for key, value in session.weights().items():
            yield f"weights/{name}/{key}", value
        session.close()


if __name__ == "__main__":
    backend_name, path = sys.argv[1:]
    found = load_plugins(["benchsuite.testing.numpy_plugin"])
    np.savez(path, **dict(outputs(found.backends[backend_name].load()(), found)))
