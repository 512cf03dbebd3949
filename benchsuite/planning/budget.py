"""The tour's budget: how large and how long, from MACs alone, so the same for all backends.

A tour visits every network within minutes. What a network costs is known before it runs,
from its graph; a device's class says how much of that fits.
"""

from dataclasses import dataclass

import msgspec

from benchsuite.contract import Recipe
from benchsuite.errors import ShapeError
from benchsuite.graph import Graph
from benchsuite.networks import Network
from benchsuite.planning.spec import RunSpec
from benchsuite.records.case import Extent

#: A training step costs about three forward passes: the pass, and a gradient each for
#: inputs and weights.
_FORWARDS_PER_STEP = 3
#: A smaller input is chosen where the budget holds fewer steps than this at a larger one.
_WANTED_STEPS = 30
#: Square sizes tried below the network's own.
_SMALLER_SIZES = (64, 32, 16)


@dataclass(frozen=True, slots=True)
class Budget:
    """MACs that a device of one class gets through in the tour's time.

    training: of all training steps together.
    inference_batch, training_batch: of one timed batch.
    largest_batch: never more images than this, in inference and in training.
    """

    training: float
    inference_batch: float
    training_batch: float
    largest_batch: tuple[int, int]


_CPU = Budget(training=225e9, inference_batch=12e9, training_batch=32e9, largest_batch=(64, 32))
_ACCELERATOR = Budget(
    training=40e12, inference_batch=2e12, training_batch=2e12, largest_batch=(256, 128)
)


def budget_for(device: str) -> Budget:
    """The budget of a device's class."""
    return _CPU if device == "cpu" else _ACCELERATOR


def inference_batch_size(graph: Graph, budget: Budget) -> int:
    """The largest power of two that the budget holds, at least one."""
    return _batch_size(graph.macs, budget.inference_batch, budget.largest_batch[0])


def training_batch_size(graph: Graph, budget: Budget) -> int:
    """Likewise for a training step."""
    cost = _FORWARDS_PER_STEP * graph.macs
    return _batch_size(cost, budget.training_batch, budget.largest_batch[1])


def training_steps(graph: Graph, batch_size: int, budget: Budget) -> int:
    """How many training steps the budget holds, at least one."""
    return max(1, int(budget.training / (_FORWARDS_PER_STEP * graph.macs * batch_size)))


def training_graph(network: Network, batch_size: int, budget: Budget) -> Graph:
    """The network at the largest input whose training the budget holds."""
    graph = network.trace()
    for size in _SMALLER_SIZES:
        if training_steps(graph, batch_size, budget) >= _WANTED_STEPS:
            break
        if size >= min(graph.input_shape[:2]):
            continue
        try:
            graph = network.trace((size, size, graph.input_shape[2]))
        except ShapeError:
            smallest = network.smallest
            return network.trace((smallest, smallest, graph.input_shape[2]))
    return graph


def tour(
    spec: RunSpec, recipe: Recipe, network: Network, graph: Graph, limits: Budget
) -> tuple[Graph, Recipe]:
    """The network and the recipe of a tour: a smaller input and fewer steps, unless given.

    graph: the network at the input that is timed.
    """
    size = recipe.batch_size
    trained = graph if spec.input else training_graph(network, size, limits)
    if spec.epochs or "epochs" in spec.set:
        return trained, recipe
    steps = training_steps(trained, size, limits)
    return trained, msgspec.structs.replace(recipe, max_steps=steps)


def extent(graph: Graph) -> Extent:
    """(H, W, C) of a graph's input."""
    height, width, channels = graph.input_shape
    return (height, width, channels)


def _batch_size(cost: int, budget: float, largest: int) -> int:
    size = 1
    while 2 * size <= largest and 2 * size * cost <= budget:
        size *= 2
    return size
