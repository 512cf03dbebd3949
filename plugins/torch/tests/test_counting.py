"""The module's own parameters and MACs, against the graph's."""

from __future__ import annotations

import numpy as np
import pytest

from benchsuite.contract import Batch
from benchsuite.graph.weights import draw_weights
from benchsuite.hooks import load_plugins


@pytest.mark.parametrize("name", sorted(load_plugins().architectures))
def test_counts_equal_the_graphs(name, open_session, recwarn, caplog):
    architecture = load_plugins().architectures[name].load()
    shape = (32, 32, 3) if architecture.input_shape[0] > 32 else None
    graph = architecture.trace(shape)
    counts = open_session(graph, draw_weights(graph, 0), precision="fp32").counts()
    assert counts.parameters == graph.parameters
    assert counts.macs == graph.macs
    assert counts.counter.startswith("fvcore ")
    assert not caplog.records
    assert [str(w.message) for w in recwarn] == []


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
