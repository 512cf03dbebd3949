import os

import numpy as np
import pytest

from benchsuite.errors import BenchsuiteError
from benchsuite.hooks import Entry, Target
from benchsuite.testing import NumpyBackend
from benchsuite.weights import pass_through


class Careless(NumpyBackend):
    """Rounds one weight on the way in, and another on the way out loses the sign of its zero."""

    def open(self, graph, weights, setup):
        session = super().open(graph, weights, setup)
        keep, give = session.set_weights, session.weights
        session.set_weights = lambda weights: keep(
            {**weights, "fc.weight": weights["fc.weight"].astype(np.float16).astype(np.float32)}
        )
        session.weights = lambda: {**give(), "fc.bias": give()["fc.bias"] + 0.0}
        return session


class Forgetful(NumpyBackend):
    """Keeps the weights that it was opened with."""

    def open(self, graph, weights, setup):
        session = super().open(graph, weights, setup)
        session.set_weights = lambda weights: None
        return session


def offered(backend, monkeypatch, **options):
    """An entry whose target leads to `backend`."""
    monkeypatch.setattr(f"{__name__}.chosen", backend, raising=False)
    return Entry("backend", "some", Target(f"{__name__}:chosen", "", **options), "test")


def test_pass_through_gives_back_what_was_given(graph, weights, same, monkeypatch):
    assert same(pass_through(offered(NumpyBackend, monkeypatch), graph, weights), weights)


def test_pass_through_names_what_changed_by_a_bit(graph, weights, monkeypatch):
    weights["fc.bias"][0] = -0.0

    with pytest.raises(BenchsuiteError, match=r"^some does not .*: fc\.weight, fc\.bias$"):
        pass_through(offered(Careless, monkeypatch), graph, weights)


def test_pass_through_sees_a_backend_that_ignores_what_it_is_given(graph, weights, monkeypatch):
    with pytest.raises(BenchsuiteError, match=r": conv\.weight, bn\.weight, bn\.bias"):
        pass_through(offered(Forgetful, monkeypatch), graph, weights)


def test_pass_through_sets_the_backends_environment_first(graph, weights, monkeypatch):
    monkeypatch.setenv("SOME_BACKEND", "other")

    class Looking(NumpyBackend):
        def __init__(self):
            assert os.environ["SOME_BACKEND"] == "this"
            super().__init__()

    entry = offered(Looking, monkeypatch, environment={"SOME_BACKEND": "this"})

    assert pass_through(entry, graph, weights)
