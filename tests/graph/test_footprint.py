"""Activations held and moved, and a training step's MACs, against sums by hand."""

import pytest

from benchsuite.architectures.resnet import resnet18
from benchsuite.graph import Builder
from benchsuite.graph.footprint import (
    moved_elements,
    peak_elements,
    total_elements,
    training_macs,
    training_moved_elements,
)

#: Elements of the small network's image, its convolutions' outputs and its logits.
IMAGE, CONV, LOGITS = 4 * 4 * 3, 4 * 4 * 2, 5


def small():
    """Two convolutions, of which the first is added to the second, and a dense layer."""
    net = Builder()
    first = net.conv(net.input((4, 4, 3)), 2, 3, padding=1, name="first")
    second = net.conv(first, 2, 3, padding=1, name="second")
    x = net.add(first, second)
    net.dense(net.dropout(net.flatten(x), 0.5), LOGITS, name="fc")
    return net.graph("small")


def test_activations_live_until_their_last_consumer_has_run():
    assert peak_elements(small()) == 3 * CONV  # both convolutions' outputs and their sum


def test_a_chain_holds_an_input_and_an_output_at_a_time():
    net = Builder()
    x = net.input((4, 4, 3))
    for _ in range(5):
        x = net.relu(x)
    net.dense(net.flatten(x), LOGITS, name="fc")

    assert peak_elements(net.graph("chain")) == 2 * IMAGE


def test_a_view_keeps_what_it_shows_alive():
    """The flattened image is the image, so it is there while the last layer reads it."""
    net = Builder()
    x = net.flatten(net.input((4, 4, 3)))
    net.dense(net.dense(x, 100, name="fc1"), 200, name="fc2")
    assert peak_elements(net.graph("wide")) == 300

    net = Builder()
    x = net.flatten(net.input((4, 4, 3)))
    net.add(x, net.dense(net.dense(x, 60, name="fc1"), IMAGE, name="fc2"))
    assert peak_elements(net.graph("skip")) == IMAGE + 60 + IMAGE


def test_training_keeps_every_output():
    assert total_elements(small()) == IMAGE + 5 * CONV + LOGITS


def test_inference_moves_inputs_and_outputs_and_no_views():
    convolutions, addition, dense = IMAGE + 3 * CONV, 3 * CONV, CONV + LOGITS

    assert moved_elements(small()) == convolutions + addition + dense


def test_training_moves_gradients_too_but_the_images():
    assert training_moved_elements(small()) == 2 * moved_elements(small()) - IMAGE


def test_no_gradient_is_taken_where_nothing_before_is_trained():
    """Of a pooling of the image: it is moved once, and the layer after it sees no gradient."""
    net = Builder()
    x = net.max_pool(net.input((4, 4, 3)), 2)
    net.dense(net.flatten(x), LOGITS, name="fc")
    graph = net.graph("pooled")
    pooled = IMAGE // 4

    assert moved_elements(graph) == IMAGE + pooled + pooled + LOGITS
    assert training_moved_elements(graph) == moved_elements(graph) + LOGITS
    assert training_macs(graph) == 2 * graph.macs


def test_the_layer_that_sees_the_image_first_has_no_input_gradient():
    first, second, dense = 16 * 2 * 9 * 3, 16 * 2 * 9 * 2, CONV * LOGITS

    assert training_macs(small()) == 2 * first + 3 * second + 3 * dense


def test_both_factors_of_attentions_products_get_gradients():
    net = Builder()
    x = net.image_to_sequence(net.input((2, 3, 4)))
    net.select_token(net.self_attention(x, 2, name="attention"), 0)
    graph = net.graph("attention")
    tokens, width = 6, 4
    projections = tokens * 3 * width * width
    rest = tokens * width * width + 2 * tokens * tokens * width

    assert graph.macs == projections + rest
    assert training_macs(graph) == 2 * projections + 3 * rest


def test_resnet18_trains_for_294_of_its_forward_macs():
    """The published ratio; exactly, all but the gradient by the image."""
    graph = resnet18.trace()
    (first,) = (node for node in graph.nodes if node.name == "conv1")

    assert training_macs(graph) == 3 * graph.macs - first.macs
    assert training_macs(graph) / graph.macs == pytest.approx(2.94, abs=0.01)
