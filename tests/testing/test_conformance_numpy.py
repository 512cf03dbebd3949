"""The reference backend passes the kit that is built on it."""

from benchsuite.contract import Backend
from benchsuite.testing import BackendConformance, NumpyBackend


class TestNumpyBackend(BackendConformance):
    def create(self) -> Backend:
        return NumpyBackend()
