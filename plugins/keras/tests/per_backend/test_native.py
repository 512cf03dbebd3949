import inspect

import keras
import numpy as np
import pytest

from benchsuite.contract import Batch, NativeBackend, NativeModel, Normalizer, Setup, UpdateRule
from benchsuite.errors import UnsupportedError, UsageError
from benchsuite_keras import applications
from benchsuite_keras.catalogue import APPLICATIONS

#: Trainable and other numbers, together as Keras' documentation has them; of every kind:
#: separable and depthwise convolutions, bytes as input, models inside a model.
PUBLISHED = {
    "ResNet50": 25_636_712,
    "MobileNetV2": 3_538_984,
    "Xception": 22_910_480,
    "EfficientNetB0": 5_330_571,
    "ConvNeXtTiny": 28_589_128,
}


def build_small(input_shape, classes):
    """A library's model: with dropout, and with a count among its weights."""
    images = keras.Input(input_shape)
    x = keras.layers.Normalization(mean=[0.5] * 3, variance=[4.0] * 3)(images)
    x = keras.layers.SeparableConv2D(4, 3, name="stem")(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Dropout(0.1)(x))
    return keras.Model(images, keras.layers.Dense(classes, name="head")(x))


SMALL = NativeModel("library/small", ("keras-*",), build_small, (9, 7, 3), 5, 1000, smallest=3)


@pytest.fixture
def open_native(backend):
    sessions = []

    def opened(model=SMALL, **options):
        graph = model.trace()
        setup = Setup(**options)
        classes = graph.output.shape[0]
        sessions.append(backend.open_native(model, graph.input_shape, classes, setup))
        return sessions[-1]

    yield opened
    for session in sessions:
        session.close()


@pytest.fixture
def batch():
    generator = np.random.default_rng(0)
    return Batch(generator.normal(size=(6, 9, 7, 3)).astype(np.float32), np.arange(6) % 5)


def test_backend_takes_native_models(backend):
    assert isinstance(backend, NativeBackend)


def test_open_native_draws_by_the_seed(open_native):
    first, same, other = (open_native(seed=seed).weights() for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], same[name]) for name in first)
    assert not np.array_equal(first["head/kernel"], other["head/kernel"])


def test_open_native_keeps_keras_own_names_and_layouts(open_native):
    session = open_native()
    trainable = {name: (w.shape, w.trainable) for name, w in session.graph.weights.items()}
    assert trainable == {
        "stem/depthwise_kernel": ((3, 3, 3, 1), True),
        "stem/pointwise_kernel": ((1, 1, 3, 4), True),
        "stem/bias": ((4,), True),
        "norm/gamma": ((4,), True),
        "norm/beta": ((4,), True),
        "norm/moving_mean": ((4,), False),
        "norm/moving_variance": ((4,), False),
        "head/kernel": ((4, 5), True),
        "head/bias": ((5,), True),
    }


def test_open_native_counts_separable_convolutions(open_native):
    counts = open_native().counts()
    assert counts.parameters == 27 + 12 + 4 + 8 + 25
    assert counts.macs == 7 * 5 * (27 + 12) + 20


def test_open_native_trains_and_predicts(open_native, batch):
    rule = UpdateRule(optimizer="sgd", momentum=0.9, weight_decay=0.01, decayed="matrices")
    session = open_native(update_rule=rule)
    before = session.weights()
    session.synchronize()  # as the core does, before anything was placed
    losses = session.train([batch] * 30, [0.1] * 30)
    after = session.weights()
    assert losses[-1] < losses[0]
    assert not np.array_equal(before["norm/moving_mean"], after["norm/moving_mean"])
    outputs = session.native(keras.ops.convert_to_tensor(batch.images), training=False)
    expected = outputs.detach().numpy() if hasattr(outputs, "detach") else np.array(outputs)
    np.testing.assert_allclose(session.predict(batch.images), expected, rtol=1e-4, atol=1e-5)


def test_open_native_computes_in_the_precision_asked_for(open_native, batch):
    session = open_native(precision="fp64")
    assert session.predict(batch.images).dtype == np.float64
    assert session.weights()["head/kernel"].dtype == np.float64


def test_open_native_takes_weights_under_keras_names(open_native, batch):
    session, other = open_native(seed=1), open_native(seed=2)
    session.set_weights(other.weights())
    assert np.array_equal(session.predict(batch.images), other.predict(batch.images))
    with pytest.raises(UsageError, match=r"do not fit library/small: missing: .*head/kernel"):
        session.set_weights({})


def test_open_native_refuses_what_the_backend_lacks(open_native):
    with pytest.raises(UnsupportedError, match="no precision 'fp8'"):
        open_native(precision="fp8")
    with pytest.raises(UsageError, match="no device 'cuda:9'"):
        open_native(device="cuda:9")


def test_catalogue_has_every_application():
    functions = {n for n, f in vars(keras.applications).items() if inspect.isfunction(f)}
    assert set(APPLICATIONS) == functions


@pytest.mark.parametrize("name", PUBLISHED)
def test_applications_have_their_published_size(open_native, name):
    model = getattr(applications, f"keras.applications/{name}")
    session = open_native(model)
    graph, counts = session.graph, session.counts()
    uncounted = 1 if name == "EfficientNetB0" else 0  # its count of batches is no weight
    assert graph.parameters + graph.buffers + uncounted == PUBLISHED[name]
    assert counts.parameters == graph.parameters
    assert counts.macs == pytest.approx(model.macs, rel=0.005)


def test_applications_yield_logits(open_native):
    model = getattr(applications, "keras.applications/MobileNetV3Small")
    logits = open_native(model).predict(np.ones((2, 224, 224, 3), np.float32))
    assert logits.shape == (2, 1000)
    assert np.abs(logits.sum(axis=1) - 1).max() > 1e-3


def test_applications_that_normalise_take_bytes():
    as_they_are = Normalizer(scale=(1.0,), shift=(0.0,))
    taking = {n for n in APPLICATIONS if applications.MODELS[f"keras.applications/{n}"].normalizer}
    assert taking == {f"EfficientNetB{index}" for index in range(8)}
    assert applications.MODELS["keras.applications/EfficientNetB0"].normalizer == as_they_are


def test_an_unknown_application_is_no_attribute():
    with pytest.raises(AttributeError, match=r"no attribute 'keras\.applications/ResNet51'"):
        getattr(applications, "keras.applications/ResNet51")
