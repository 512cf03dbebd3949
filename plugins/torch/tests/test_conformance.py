"""The contract of a backend, by benchsuite's own kit."""

from benchsuite.testing import BackendConformance


class TestTorch(BackendConformance):
    backend = "torch"
