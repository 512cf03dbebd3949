import pytest

from benchsuite.graph import architecture
from benchsuite.planning import budget

LIMITS = budget.Budget(
    training=1e9, inference_batch=1e6, training_batch=1e6, largest_batch=(64, 32)
)


def network(filters, size=128):
    """A convolution whose MACs are 9 · filters · size², for one channel."""

    @architecture(input_shape=(size, size, 1), classes=1, paper="none")
    def one_conv(net, images, classes):
        x = net.conv(images, filters, 3, padding=1, name="conv")
        return net.dense(net.global_avg_pool(x), classes, name="fc")

    return one_conv


@pytest.mark.parametrize(("filters", "size"), [(1, 4), (1, 64), (7, 32)])
def test_batch_sizes_are_the_largest_powers_of_two_that_fit(filters, size):
    graph = network(filters, size).trace()
    for found, cost, cap in (
        (budget.inference_batch_size(graph, LIMITS), graph.macs, 64),
        (budget.training_batch_size(graph, LIMITS), 3 * graph.macs, 32),
    ):
        assert found & (found - 1) == 0
        assert found == 1 or found * cost <= 1e6
        assert found == cap or 2 * found * cost > 1e6


def test_training_steps_fill_the_budget():
    graph = network(2, 32).trace()
    assert graph.macs == 9 * 2 * 32 * 32 + 2
    assert budget.training_steps(graph, 32, LIMITS) == int(1e9 // (3 * graph.macs * 32))


def test_training_steps_are_at_least_one():
    assert budget.training_steps(network(500).trace(), 32, LIMITS) == 1


@pytest.mark.parametrize(("filters", "trained_at"), [(1, 128), (6, 64), (20, 32), (500, 16)])
def test_training_graph_shrinks_the_input_only_as_far_as_needed(filters, trained_at):
    graph = budget.training_graph(network(filters), 16, LIMITS)
    assert graph.input_shape == (trained_at, trained_at, 1)


def test_training_graph_never_enlarges_the_input():
    assert budget.training_graph(network(5000, size=28), 32, LIMITS).input_shape == (16, 16, 1)
    assert budget.training_graph(network(5000, size=8), 32, LIMITS).input_shape == (8, 8, 1)


def test_training_graph_goes_down_to_the_smallest_input_that_the_network_takes():
    @architecture(input_shape=(128, 128, 1), classes=1, paper="none")
    def wide_window(net, images, classes):
        x = net.conv(images, 5000, 50, name="conv")
        return net.dense(net.global_avg_pool(x), classes, name="fc")

    assert budget.training_graph(wide_window, 32, LIMITS).input_shape == (50, 50, 1)


def test_budget_for_tells_a_processor_from_an_accelerator():
    assert budget.budget_for("cuda:0").training > budget.budget_for("cpu").training
