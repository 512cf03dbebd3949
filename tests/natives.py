"""A plugin of natively written models in NumPy, and a backend that takes them."""

import numpy as np
from benchsuite_example.backend import LinearBackend
from benchsuite_example.zoo import softmax_regression

from benchsuite import Target, hookimpl
from benchsuite.contract import NativeModel, Normalizer, check_setup
from benchsuite.graph import opaque_graph

#: The library's own names of the weights.
NAMES = {"kernel": "fc.weight", "offset": "fc.bias"}


class Adopted:
    """A linear session under the library's names."""

    def __init__(self, session, graph):
        self._session = session
        self.graph = graph

    def __getattr__(self, name):
        return getattr(self._session, name)

    def weights(self):
        held = self._session.weights()
        return {name: held[canonical] for name, canonical in NAMES.items()}

    def set_weights(self, weights):
        self._session.set_weights({NAMES[name]: array for name, array in weights.items()})


class Adopting(LinearBackend):
    name = "numpy-adopting"

    def open_native(self, model, input_shape, classes, setup):
        setup = check_setup(self, setup)
        inner = model.build(input_shape, classes)
        generator = np.random.default_rng(setup.seed)
        weights = {
            name: generator.normal(0, 0.01, weight.shape).astype(np.float32)
            for name, weight in inner.weights.items()
        }
        named = {name: (weights[of].shape, True) for name, of in NAMES.items()}
        graph = opaque_graph(model.name, input_shape, classes, 0, named)
        return Adopted(self.open(inner, weights, setup), graph)


def _model(name, **options):
    return NativeModel(
        name=name,
        backends=("numpy-adopt*", "numpy-linear"),
        build=softmax_regression.trace,
        input_shape=(8, 8, 1),
        classes=10,
        macs=600,
        smallest=4,
        **options,
    )


PLAIN = _model("numpy/plain")
TAKES_BYTES = _model("numpy/takes_bytes", normalizer=Normalizer((1 / 256,), (0.0,)))


@hookimpl
def benchsuite_backends():
    return {"numpy-adopting": Target("natives:Adopting", "takes native models", by_default=False)}


@hookimpl
def benchsuite_native_models():
    missing = {"requires": ("numpy_of_the_future",), "install": "pip install the-future"}
    return {
        "numpy/plain": Target("natives:PLAIN", "a dense layer"),
        "numpy/takes_bytes": Target("natives:TAKES_BYTES", "another"),
        "future/model": Target("natives:PLAIN", "not here", **missing),
    }
