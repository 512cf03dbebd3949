"""What a network from the graph costs against the same network written by hand, on TensorFlow.

    pytest plugins/keras/tests/benchmarks --benchmark-only -s

Both sides are called alike, as concrete functions on resident tensors.
"""

from math import prod
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest

import benchsuite
from benchsuite.contract import Batch

BACKEND = "keras-tensorflow"
ALLOWED = 1.02
SHAPES = {"lenet5": (28, 28, 1), "resnet18_cifar": (32, 32, 3), "mobilenet_v2": (64, 64, 3)}
TRAINING_BATCH = 16


@pytest.fixture(params=SHAPES)
def network(request):
    """A session, and the hand-written model with as many parameters."""
    shape = SHAPES[request.param]
    session = benchsuite.load(request.param, backend=BACKEND, input_shape=shape, num_classes=10)
    # imports Keras, so only now
    model = run_path(Path(__file__).with_name("handwritten.py"))["MODELS"][request.param]()
    assert session.counts().parameters == sum(prod(v.shape) for v in model.trainable_variables)
    yield session, model
    session.close()


def batch(session, size):
    generator = np.random.default_rng(0)
    images = generator.standard_normal((size, *session.graph.input_shape), np.float32)
    return session.place(Batch(images, generator.integers(0, 10, size)))


def test_inference_costs_what_it_costs_by_hand(ratio_of, network):
    import tensorflow as tf

    session, model = network
    placed = batch(session, 1)
    forward = tf.function(lambda images: model(images, training=False), jit_compile=False)
    concrete = forward.get_concrete_function(tf.TensorSpec(placed.images.shape, tf.float32))

    def ours(calls):
        for _ in range(calls):
            session.infer(placed)

    def by_hand(calls):
        for _ in range(calls):
            concrete(placed.images)

    low, _ = ratio_of("from the graph, beside by hand", ours, by_hand)
    assert low <= ALLOWED


def test_training_costs_what_it_costs_by_hand(ratio_of, network):
    import keras
    import tensorflow as tf

    session, model = network
    placed = batch(session, TRAINING_BATCH)
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
        *(tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in (placed.images, placed.labels))
    )

    def ours(calls):
        session.train([placed] * calls, [1e-3] * calls)

    def by_hand(calls):
        tf.stack([concrete(placed.images, placed.labels) for _ in range(calls)]).numpy()

    low, _ = ratio_of("from the graph, beside by hand", ours, by_hand)
    assert low <= ALLOWED
