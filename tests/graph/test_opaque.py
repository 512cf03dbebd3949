import pytest

from benchsuite.errors import UsageError
from benchsuite.graph import opaque_graph
from benchsuite.graph.weights import draw_weights

GRAPH = opaque_graph(
    "library/model", (8, 6, 3), 10, 123, {"fc.weight": ((10, 4), True), "bn.mean": ((4,), False)}
)


def test_opaque_graph_keeps_the_librarys_names():
    assert {name: w.shape for name, w in GRAPH.weights.items()} == {
        "fc.weight": (10, 4),
        "bn.mean": (4,),
    }


def test_opaque_graph_tells_parameters_from_buffers():
    assert (GRAPH.parameters, GRAPH.buffers, GRAPH.macs) == (40, 4, 123)
    assert (GRAPH.input_shape, GRAPH.output.shape) == ((8, 6, 3), (10,))


def test_opaque_graph_has_no_weights_to_draw():
    with pytest.raises(UsageError, match="natively written models draw their own weights"):
        draw_weights(GRAPH, 0)


def test_opaque_graph_may_have_no_weights_yet():
    assert opaque_graph("library/model", (8, 6, 3), 10, 123).weights == {}
