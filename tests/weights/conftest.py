import json
import struct

import numpy as np
import pytest

from benchsuite.graph import Builder
from benchsuite.hooks import load_plugins
from benchsuite.testing import random_weights


@pytest.fixture
def graph():
    """A convolution, its BatchNorm and a dense layer: weights, buffers, more than one shape."""
    net = Builder()
    x = net.conv(net.input((6, 6, 2)), 3, 3, bias=False, name="conv")
    x = net.relu(net.batch_norm(x, name="bn"))
    net.dense(net.global_avg_pool(x), 4, name="fc")
    return net.graph("small")


@pytest.fixture
def weights(graph):
    return random_weights(graph)


@pytest.fixture
def readers():
    return load_plugins().weight_readers


@pytest.fixture
def write_raw():
    """write_raw(path, {name: (type, shape, bytes)}): a safetensors file, byte by byte."""

    def write(path, tensors):
        header, data = {}, b""
        for name, (kind, shape, content) in tensors.items():
            offsets = [len(data), len(data) + len(content)]
            header[name] = {"dtype": kind, "shape": shape, "data_offsets": offsets}
            data += content
        text = json.dumps(header).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text + data)

    return write


@pytest.fixture
def same():
    """Whether two sets of weights have the same names, types, shapes and bits."""

    def compare(one, other):
        return one.keys() == other.keys() and all(
            np.array_equal(one[name], other[name]) and one[name].dtype == other[name].dtype
            for name in one
        )

    return compare
