"""Matched training of `cnn_basic` beside Keras' own `fit` over a `tf.data.Dataset`, on TensorFlow.

pytest plugins/keras/tests/benchmarks/test_loops.py --benchmark-only -s
"""

from functools import partial

import pytest
from matched import NORMALIZER, RECIPE, draw_split, matched, trace

from benchsuite.contract import Setup
from benchsuite.graph.weights import draw_weights
from benchsuite.hooks import load_plugins

#: Of the time of `fit`, and of training without augmentation.
BY_FIT, AUGMENTED = 1.0, 1.05
#: Steps of a block, more than half an epoch since each `fit` builds its pipeline, and pairs.
BLOCKS = {"calls": 200, "rounds": 2}


@pytest.fixture(scope="module")
def split():
    return draw_split()


def by_session(split, augmentation=()):
    graph, setup = trace(), Setup(normalizer=NORMALIZER, update_rule=RECIPE.update_rule)
    backend = load_plugins().backends["keras-tensorflow"].load()()
    return matched(backend.open(graph, draw_weights(graph, 0), setup), split, augmentation)


def by_fit(split):
    """The idiomatic division."""
    graph, setup = trace(), Setup(normalizer=NORMALIZER)
    backend = load_plugins().backends["keras-tensorflow"].load()()
    session = backend.open_idiomatic(graph, draw_weights(graph, 0), setup, RECIPE)
    images = split.images[:]

    def run(steps):
        count = steps * RECIPE.batch_size
        session.fit(images[:count], split.labels[:count])

    return run


def test_matched_training_is_as_fast_as_fit(ratio_of, split):
    name = "matched training beside fit"
    ratio = ratio_of(name, partial(by_session, split), partial(by_fit, split), **BLOCKS)
    assert ratio.low <= BY_FIT


def test_augmentation_hides_behind_the_network(ratio_of, split):
    augmented = partial(by_session, split, ("flip", "crop"))
    name = "flip and crop, beside neither"
    ratio = ratio_of(name, augmented, partial(by_session, split), **BLOCKS)
    assert ratio.low <= AUGMENTED
