"""Moves files of weights through one backend, by the command line, and predicts with them.

`python moving.py BACKEND FROM TO`, in a process of its own: two frameworks never share one.
In the folder FROM lie `NETWORK.safetensors`; TO gets the same, and `NETWORK.npy`, the logits
that `benchsuite.load` gives with them.
"""

import sys
from pathlib import Path

import numpy as np

import benchsuite
from benchsuite.cli import cli
from benchsuite.testing import random_images

CLASSES = 3
#: A plain network, and one with BatchNorm, strides and shortcuts, at a small input.
NETWORKS = {"lenet5": (28, 28, 1), "resnet18_cifar": (16, 16, 3)}


def move(name, backend, source, target):
    height, width, channels = NETWORKS[name]
    network = ("--input", f"{height}x{width}x{channels}", "--classes", str(CLASSES))
    through = ("--weights", str(source), "--backend", backend)
    cli(["export-weights", name, str(target), *through, *network], standalone_mode=False)


def logits(name, backend, file):
    session = benchsuite.load(
        name, backend=backend, input_shape=NETWORKS[name], num_classes=CLASSES, weights=file
    )
    return session.predict(random_images(session.graph, 2))


if __name__ == "__main__":
    backend, source, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    for name in NETWORKS:
        file = target / f"{name}.safetensors"
        move(name, backend, source / file.name, file)
        np.save(target / f"{name}.npy", logits(name, backend, file))
