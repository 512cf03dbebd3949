"""Canonical weights depend on seed and name alone, have a digest, and are checked."""

import numpy as np
import pytest

from benchsuite.errors import UsageError
from benchsuite.graph import Builder
from benchsuite.graph.weights import check_weights, digest_weights, draw_weights


def network(names=("fc1", "fc2")):
    net = Builder()
    x = net.flatten(net.input((2, 2, 2)))
    for name in names:
        x = net.dense(x, 8, name=name)
    return net.graph("network")


def test_draw_weights_gives_float32_of_every_shape():
    graph = network()
    weights = draw_weights(graph, 0)
    assert {name: array.shape for name, array in weights.items()} == {
        name: weight.shape for name, weight in graph.weights.items()
    }
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float32)}


def test_draw_weights_repeats_itself():
    assert digest_weights(draw_weights(network(), 3)) == digest_weights(draw_weights(network(), 3))


def test_draw_weights_depends_on_the_seed_everywhere():
    first, second = draw_weights(network(), 0), draw_weights(network(), 1)
    assert not any(np.array_equal(first[name], second[name]) for name in first)


def test_draw_weights_depends_on_the_name():
    weights = draw_weights(network(), 0)
    assert not np.array_equal(weights["fc1.weight"], weights["fc2.weight"])


def test_draw_weights_depends_on_nothing_else():
    """Neither on the order of layers, nor on the layers around."""
    weights = draw_weights(network(("fc1", "fc2")), 0)
    for names in (("fc2", "fc1"), ("fc2",), ("fc0", "fc1", "fc2")):
        for name, array in draw_weights(network(names), 0).items():
            if name in weights:
                assert np.array_equal(array, weights[name])


def test_draw_weights_is_the_same_on_every_machine():
    """Golden: the bits that every backend is given for (seed 0, `fc1.weight`)."""
    assert draw_weights(network(), 0)["fc1.weight"][0, :3].tolist() == [
        0.012061853893101215,
        0.1862499862909317,
        0.27309927344322205,
    ]


def test_digest_ignores_order_and_sees_everything_else():
    weights = {"a": np.zeros((2, 3), np.float32), "b": np.ones(4, np.float32)}
    digest = digest_weights(weights)
    assert digest_weights(dict(reversed(weights.items()))) == digest
    changed = weights["a"].copy()
    changed[1, 2] = np.nextafter(np.float32(0), np.float32(1))
    for other in (
        {**weights, "a": changed},
        {**weights, "a": weights["a"].reshape(3, 2)},
        {**weights, "a": weights["a"].astype(np.float64)},
        {"c": weights["a"], "b": weights["b"]},
        {"a": weights["a"]},
    ):
        assert digest_weights(other) != digest


def test_digest_ignores_memory_layout():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert digest_weights({"a": array}) == digest_weights({"a": np.asfortranarray(array)})


def test_check_weights_accepts_what_was_drawn():
    check_weights(network(), draw_weights(network(), 0))


def test_check_weights_names_everything_that_is_wrong():
    weights = draw_weights(network(), 0)
    del weights["fc1.bias"]
    weights["fc2.weight"] = weights["fc2.weight"][:3]
    weights["fc3.bias"] = np.zeros(2, np.float32)
    with pytest.raises(UsageError) as refused:
        check_weights(network(), weights)
    assert str(refused.value) == (
        "these weights do not fit network: missing: fc1.bias; not in the network: fc3.bias; "
        "fc2.weight: expected (8, 8), got (3, 8)"
    )
