"""The contract of a backend, by benchsuite's own kit."""

from __future__ import annotations

from benchsuite.testing import BackendConformance


class TestTorch(BackendConformance):
    backend = "torch"
