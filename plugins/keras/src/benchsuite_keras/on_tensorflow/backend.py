"""Keras on TensorFlow."""

import contextlib
from collections.abc import Mapping, Sequence
from functools import partial

import keras
import tensorflow as tf

from benchsuite.contract import Recipe, Setup, check_request
from benchsuite.graph import Graph
from benchsuite.graph.weights import Weights, check_weights
from benchsuite_keras.backend import Arrays, KerasBackend
from benchsuite_keras.lowering import lower
from benchsuite_keras.on_tensorflow.ceilings import TensorFlowWorkload, copied, multiplied
from benchsuite_keras.on_tensorflow.devices import gpus, index_of, set_threads, tensorflow_name
from benchsuite_keras.on_tensorflow.session import IdiomaticTensorFlowSession, TensorFlowSession
from benchsuite_keras.precision import compute_dtype
from benchsuite_keras.session import MakeModel


class TensorFlowBackend(KerasBackend):
    """Keras on TensorFlow."""

    name = "keras-tensorflow"

    def versions(self) -> Mapping[str, str]:
        """Keras' version, TensorFlow's, and CUDA's and cuDNN's where it was built with them."""
        build = tf.sysconfig.get_build_info()
        on_gpus = {name: build.get(f"{name}_version") for name in ("cuda", "cudnn")}
        return {
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            **{name: str(version) for name, version in on_gpus.items() if version},
        }

    def _accelerators(self) -> Sequence[str]:
        return [f"cuda:{index}" for index, _ in enumerate(gpus())]

    def _accelerator_name(self, device: str) -> str:
        details = tf.config.experimental.get_device_details(gpus()[index_of(device)])
        return str(details["device_name"])

    def _configure(self, setup: Setup) -> None:
        for gpu in gpus():
            # Where TensorFlow already runs, its allocator stays as it is: the peak that it
            # reports counts what was handed out either way.
            with contextlib.suppress(RuntimeError):
                tf.config.experimental.set_memory_growth(gpu, enable=True)
        tf32 = setup.precision == "tf32"
        tf.config.experimental.enable_tensor_float_32_execution(enabled=tf32)
        if setup.threads is not None:
            set_threads(setup.threads)

    def _product(self, setup: Setup, factors: Arrays) -> TensorFlowWorkload:
        dtype, device = compute_dtype(setup.precision), tensorflow_name(setup.device)
        return TensorFlowWorkload(multiplied, factors, dtype, device)

    def _copy(self, setup: Setup, source: Arrays) -> TensorFlowWorkload:
        dtype, device = compute_dtype(setup.precision), tensorflow_name(setup.device)
        return TensorFlowWorkload(copied, source, dtype, device)

    def _session(self, make: MakeModel, setup: Setup) -> TensorFlowSession:
        return TensorFlowSession(make, setup)

    def open_idiomatic(
        self, graph: Graph, weights: Weights, setup: Setup, recipe: Recipe
    ) -> IdiomaticTensorFlowSession:
        """A network that trains by `compile` and `fit`; raises as `open` does."""
        setup = check_request(self, graph, setup)
        check_weights(graph, weights)
        self._configure(setup)
        session = IdiomaticTensorFlowSession(partial(lower, graph), setup)
        session.set_weights(weights)
        session.compile(recipe)
        return session
