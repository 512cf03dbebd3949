"""What a network from the graph costs against the same network written by hand, on TensorFlow.

    pytest plugins/keras/tests/benchmarks --benchmark-only -s

Both sides are called alike, as concrete functions on resident tensors.
"""

from functools import partial
from math import prod

import numpy as np
import pytest
from handwritten.for_keras import SHAPES, write_by_hand

from benchsuite.contract import Batch

ALLOWED = 1.02
TRAINING_BATCH = 16


def draw_batch(name, size):
    generator = np.random.default_rng(0)
    images = generator.standard_normal((size, *SHAPES[name]), np.float32)
    return Batch(images, generator.integers(0, 10, size))


def inference(load, name):
    session = load(name)
    placed = session.place(draw_batch(name, 1))

    def run(calls):
        for _ in range(calls):
            session.infer(placed)

    return run


def inference_by_hand(name):
    import tensorflow as tf

    model = write_by_hand(name)
    images = tf.constant(draw_batch(name, 1).images)
    forward = tf.function(lambda images: model(images, training=False), jit_compile=False)
    concrete = forward.get_concrete_function(tf.TensorSpec(images.shape, tf.float32))

    def run(calls):
        for _ in range(calls):
            concrete(images)

    return run


def training(load, name):
    session = load(name)
    placed = session.place(draw_batch(name, TRAINING_BATCH))
    return lambda calls: session.train([placed] * calls, [1e-3] * calls)


def training_by_hand(name):
    import keras
    import tensorflow as tf

    model = write_by_hand(name)
    batch = draw_batch(name, TRAINING_BATCH)
    images, labels = tf.constant(batch.images), tf.constant(batch.labels)
    optimizer = keras.optimizers.SGD(1e-3, momentum=0.9)
    optimizer.build(model.trainable_variables)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function(jit_compile=False)
    def step(images, labels):
        with tf.GradientTape() as tape:
            loss = loss_of(labels, model(images, training=True))
        optimizer.apply(tape.gradient(loss, model.trainable_weights), model.trainable_weights)
        return loss

    concrete = step.get_concrete_function(
        *(tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in (images, labels))
    )
    return lambda calls: tf.stack([concrete(images, labels) for _ in range(calls)]).numpy()


@pytest.mark.parametrize(
    ("ours", "theirs"), [(inference, inference_by_hand), (training, training_by_hand)]
)
def test_graph_costs_what_it_costs_by_hand(ratio_of, load, name, ours, theirs):
    parameters = sum(prod(v.shape) for v in write_by_hand(name).trainable_variables)
    assert load(name).counts().parameters == parameters
    task = f"{ours.__name__} of {name} from the graph, beside by hand"
    ratio = ratio_of(task, partial(ours, load, name), partial(theirs, name))
    assert ratio.low <= ALLOWED
