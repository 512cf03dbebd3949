"""benchsuite's figures beside those of loops written by hand in Keras, on TensorFlow.

Around the session's own model, which TensorFlow compiles as it was traced: what a model by hand
differs by is test_overhead's.

    pytest plugins/keras/tests/benchmarks/test_instrument.py --benchmark-only -s

The proof of the instrument, docs/explanation/instrument.md: on a quiet machine only.
"""

from itertools import cycle, islice
from statistics import median
from time import perf_counter

import pytest
from figures import by_instrument, inputs

#: A window of the protocol lasts a second: what comes before its first step shows in less.
WINDOWS = {"rounds": 12, "block_s": 0.25}
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

    variables = [variable.value for variable in model.trainable_variables]
    velocities = [tf.Variable(tf.zeros_like(variable)) for variable in variables]
    # what Keras' optimisers have, too; their SGD itself is slower than TensorFlow's kernel of it
    rate, steps = tf.Variable(1e-4), tf.Variable(0, dtype=tf.int64)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function(jit_compile=False)
    def step(images, labels):
        with tf.GradientTape() as tape:
            loss = loss_of(labels, model(images, training=True))
        gradients, lr = tape.gradient(loss, variables), tf.convert_to_tensor(rate)
        for variable, velocity, gradient in zip(variables, velocities, gradients, strict=True):
            tf.raw_ops.ResourceApplyMomentum(
                var=variable.handle, accum=velocity.handle, lr=lr, grad=gradient, momentum=0.9
            )
        steps.assign_add(1)
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

    def by_hand_around(session):
        return by_hand(session.native, tensors(inputs(session, figure)))

    ratio = ratio_of(
        f"{figure} of {name}, measured by benchsuite and by hand",
        lambda: by_instrument(load(name), figure),
        lambda: by_hand_around(load(name)),
        **({} if figure == "latency" else WINDOWS),
    )
    assert abs(ratio.median - 1) <= WITHIN or ratio.low <= 1 <= ratio.high
