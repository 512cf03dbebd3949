"""What PyTorch's semantics cost in Keras, on TensorFlow: the same training step with and without.

    pytest plugins/keras/tests/benchmarks/test_semantics.py --benchmark-only -s

An unbiased running variance, momentum that survives a change of the learning rate, epsilon after
Adam's correction: against Keras' own layer and optimisers, which have none of them.
"""

from functools import partial

import numpy as np
import pytest

from benchsuite.contract import Batch, Setup, UpdateRule
from benchsuite.hooks import load_plugins
from benchsuite.testing import random_images, random_weights

BATCH = 16
#: Of Keras' own time: beyond it, the semantics would be what is measured.
ALLOWED = 1.1


@pytest.fixture
def training():
    """Of an update rule, what opens ResNet-20 with it; what is opened trains a number of steps."""
    plugins, sessions = load_plugins(), []
    graph = plugins.architectures["resnet20"].load().trace((32, 32, 3), 10)
    labels = np.random.default_rng(0).integers(0, 10, BATCH)
    batch = Batch(random_images(graph, BATCH), labels)

    def start(rule):
        backend = plugins.backends["keras-tensorflow"].load()()
        session = backend.open(graph, random_weights(graph), Setup(update_rule=rule))
        sessions.append(session)
        placed = session.place(batch)
        session.train([placed], [1e-3])  # traced, with whatever is in place now
        return lambda steps: session.train([placed] * steps, [1e-3] * steps)

    yield start
    for session in sessions:
        session.close()


def test_unbiased_batch_norm_costs_what_keras_own_does(ratio_of, training, monkeypatch):
    import keras

    from benchsuite_keras.ops import normalization

    def keras_own():
        with monkeypatch.context() as patch:
            own = keras.layers.BatchNormalization
            patch.setattr(normalization, "UnbiasedBatchNormalization", own)
            return training(UpdateRule())

    ours = partial(training, UpdateRule())
    ratio = ratio_of("BatchNormalization, unbiased beside Keras' own", ours, keras_own)
    assert ratio.low <= ALLOWED


@pytest.mark.parametrize("name", ["sgd", "adam", "rmsprop"])
def test_update_rules_cost_what_keras_own_do(ratio_of, training, monkeypatch, name):
    import keras

    from benchsuite_keras.on_tensorflow import session as tensorflow_session

    own = {
        "sgd": lambda: keras.optimizers.SGD(momentum=0.9),
        "adam": keras.optimizers.Adam,
        "rmsprop": lambda: keras.optimizers.RMSprop(rho=0.99, momentum=0.9),
    }
    rule = UpdateRule(optimizer=name, momentum=0.9)

    def keras_own():
        with monkeypatch.context() as patch:
            patch.setattr(tensorflow_session, "make_optimizer", lambda rule, decayed: own[name]())
            return training(rule)

    ours = partial(training, rule)
    ratio = ratio_of(f"{name}, PyTorch's rule beside Keras' own", ours, keras_own)
    assert ratio.low <= ALLOWED
