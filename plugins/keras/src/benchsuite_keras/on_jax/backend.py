"""Keras on JAX."""

from collections.abc import Mapping, Sequence
from functools import partial
from importlib import metadata

import jax
import keras

from benchsuite.contract import Setup
from benchsuite_keras.backend import Arrays, KerasBackend
from benchsuite_keras.on_jax.ceilings import JaxWorkload, copied, multiplied
from benchsuite_keras.on_jax.devices import (
    check_threads,
    find_device,
    gpus,
)
from benchsuite_keras.on_jax.session import JaxSession, matmul_precision
from benchsuite_keras.precision import compute_dtype
from benchsuite_keras.session import MakeModel


class JaxBackend(KerasBackend):
    """Keras on JAX."""

    name = "keras-jax"

    def versions(self) -> Mapping[str, str]:
        """Keras' version, JAX's and its compiled part's."""
        return {
            "keras": keras.__version__,
            "jax": jax.__version__,
            "jaxlib": metadata.version("jaxlib"),
        }

    def _accelerators(self) -> Sequence[str]:
        return [f"cuda:{index}" for index, _ in enumerate(gpus())]

    def _accelerator_name(self, device: str) -> str:
        return str(find_device(device).device_kind)

    def _configure(self, setup: Setup) -> None:
        if setup.threads is not None and setup.device == "cpu":
            check_threads(setup.threads)

    def _product(self, setup: Setup, factors: Arrays) -> JaxWorkload:
        dtype, device = compute_dtype(setup.precision), find_device(setup.device)
        precision = matmul_precision(setup)
        return JaxWorkload(partial(multiplied, precision), factors, dtype, device)

    def _copy(self, setup: Setup, source: Arrays) -> JaxWorkload:
        dtype, device = compute_dtype(setup.precision), find_device(setup.device)
        return JaxWorkload(copied, source, dtype, device)

    def _session(self, make: MakeModel, setup: Setup) -> JaxSession:
        return JaxSession(make, setup)
