"""benchsuite's figures beside those of loops and models written by hand in Keras, on TensorFlow.

    pytest plugins/keras/tests/benchmarks/test_instrument.py --benchmark-only -s

The proof of the instrument, docs/method.md: on a quiet machine only.
"""

from itertools import cycle, islice
from statistics import median
from time import perf_counter

import pytest
from figures import by_instrument, inputs
from handwritten.for_keras import write_by_hand

#: Either the ratio is this near to one, or its interval holds one.
WITHIN = 0.01


def tensors(batches):
    import tensorflow as tf

    return [(tf.constant(batch.images), tf.constant(batch.labels)) for batch in batches]


def forward_of(model, images):
    import tensorflow as tf

    forward = tf.function(lambda images: model(images, training=False), jit_compile=False)
    return forward.get_concrete_function(tf.TensorSpec(images.shape, images.dtype))


def latency(model, batches):
    forward = forward_of(model, batches[0][0])
    pool = cycle([images for images, _ in batches])

    def run(calls):
        seconds = []
        for _ in range(calls):
            start = perf_counter()
            forward(next(pool))
            seconds.append(perf_counter() - start)
        return median(seconds)

    return run


def throughput(model, batches):
    forward = forward_of(model, batches[0][0])
    pool = cycle([images for images, _ in batches])

    def run(calls):
        for images in islice(pool, calls):
            forward(images)

    return run


def training(model, batches):
    import keras
    import tensorflow as tf

    optimizer = keras.optimizers.SGD(1e-4, momentum=0.9)
    optimizer.build(model.trainable_variables)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function(jit_compile=False)
    def step(images, labels):
        with tf.GradientTape() as tape:
            loss = loss_of(labels, model(images, training=True))
        optimizer.apply(tape.gradient(loss, model.trainable_weights), model.trainable_weights)
        return loss

    specs = (tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in batches[0])
    concrete, pool = step.get_concrete_function(*specs), cycle(batches)
    return lambda calls: _fetched(concrete(*pair) for pair in islice(pool, calls))


def _fetched(losses):
    import tensorflow as tf

    tf.stack(list(losses)).numpy()


@pytest.mark.parametrize("by_hand", [latency, throughput, training])
def test_figure_is_that_of_a_loop_by_hand(ratio_of, load, name, by_hand):
    figure = by_hand.__name__
    ratio = ratio_of(
        f"{figure} of {name}, measured by benchsuite and by hand",
        lambda: by_instrument(load(name), figure),
        lambda: by_hand(write_by_hand(name), tensors(inputs(load(name), figure))),
    )
    assert abs(ratio.median - 1) <= WITHIN or ratio.low <= 1 <= ratio.high
