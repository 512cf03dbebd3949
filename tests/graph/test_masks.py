import numpy as np

from benchsuite.graph import Builder
from benchsuite.graph.masks import draw_masks


def graph():
    net = Builder()
    x = net.conv(net.input((8, 8, 3)), 4, 3, padding=1, name="conv")
    x = net.add(x, net.stochastic_depth(net.relu(x), 0.5))
    x = net.dropout(net.flatten(x), 0.25)
    net.dense(x, 2, name="fc")
    return net.graph("dropouts")


def test_masks_are_for_elements_or_whole_examples():
    network = graph()
    by_op = {node.op: node.name for node in network.nodes}
    masks = draw_masks(network, 100, np.random.default_rng(0))
    assert masks.keys() == {by_op["dropout"], by_op["stochastic_depth"]}
    of_elements, of_examples = masks[by_op["dropout"]], masks[by_op["stochastic_depth"]]
    assert (of_elements.shape, of_elements.dtype) == ((100, 256), np.bool_)
    assert of_examples.shape == (100,)
    assert 0.74 < of_elements.mean() < 0.76
    assert 0.3 < of_examples.mean() < 0.7
