"""The kit fails backends that break the contract around predictions: one rule each."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from benchsuite.contract import Counts, DeviceMemory
from benchsuite.errors import UnsupportedError
from benchsuite.graph import OPS
from benchsuite.reference.oracle import OPERATIONS
from benchsuite.testing import NumpyBackend, NumpySession

pytest_plugins = "pytester"


# Wrong sessions.


class _WritesIntoImages(NumpySession):
    def predict(self, images):
        logits = super().predict(images)
        images *= 2
        return logits


class _AssumesContiguousImages(NumpySession):
    def predict(self, images):
        size = images.size * images.itemsize
        raw = images if images.base is None else images.base
        flat = np.frombuffer(raw.tobytes()[:size], images.dtype)
        return super().predict(flat.reshape(images.shape))


class _IgnoresSetWeights(NumpySession):
    def set_weights(self, weights):
        if not hasattr(self, "_weights"):
            super().set_weights(weights)


class _PredictsWithFirstWeights(NumpySession):
    def predict(self, images):
        current = self._weights
        self._first = getattr(self, "_first", current)
        self._weights = self._first
        try:
            return super().predict(images)
        finally:
            self._weights = current


class _InfersWithFirstWeights(NumpySession):
    def infer(self, placed):
        self._first = getattr(self, "_first", self._weights)
        return NumpySession.infer(_sharing(self, self._first), placed)


def _sharing(session, weights):
    twin = object.__new__(NumpySession)
    twin.__dict__.update(session.__dict__, _weights=weights)
    return twin


class _InfersProbabilities(NumpySession):
    def infer(self, placed):
        exponentials = np.exp(super().infer(placed))
        return exponentials / exponentials.sum(axis=-1, keepdims=True)


class _KeepsAliases(NumpySession):
    def set_weights(self, weights):
        super().set_weights(weights)
        self._weights = dict(weights)


class _ReturnsAliases(NumpySession):
    def weights(self):
        return self._weights


class _AcceptsAnyWeights(NumpySession):
    def set_weights(self, weights):
        known = {name: weights.get(name, np.zeros(1)) for name in self.graph.weights}
        self._weights = {name: array.astype(self._dtype) for name, array in known.items()}


class _HalfSetsWeights(NumpySession):
    def set_weights(self, weights):
        if hasattr(self, "_weights"):
            self._weights = {n: weights.get(n, array) for n, array in self._weights.items()}
        super().set_weights(weights)


class _RoundsWeights(NumpySession):
    def set_weights(self, weights):
        super().set_weights({n: w.astype(np.float32) for n, w in weights.items()})


class _MovesStatistics(NumpySession):
    def predict(self, images):
        for name in (n for n in self._weights if n.endswith("running_mean")):
            self._weights[name] = self._weights[name] * 0.9
        return super().predict(images)


class _GivesFloat64(NumpySession):
    def predict(self, images):
        return super().predict(images).astype(np.float64)


class _CountsBuffers(NumpySession):
    def counts(self):
        counts = super().counts()
        return replace(counts, parameters=counts.parameters + self.graph.buffers)


class _CountsFlops(NumpySession):
    def counts(self):
        counts = super().counts()
        return Counts(counts.parameters, 2 * counts.macs, counts.counter)


class _KeepsItsSettingsSecret(NumpySession):
    def settings(self):
        return {"threads": 2}


class _TrainsInSilence(NumpySession):
    def train(self, batches, learning_rates):
        return np.zeros(len(learning_rates), np.float32)


WRONG_SESSIONS = (
    (_KeepsItsSettingsSecret, "test_settings_are_words"),
    (_WritesIntoImages, "test_predict_leaves_images_as_they_are"),
    (_AssumesContiguousImages, "test_predict_takes_any_memory_layout"),
    (_IgnoresSetWeights, "test_set_weights_round_trips"),
    (_IgnoresSetWeights, "test_set_weights_changes_predictions"),
    (_PredictsWithFirstWeights, "test_set_weights_changes_predictions"),
    (_InfersWithFirstWeights, "test_infer_follows_set_weights"),
    (_InfersProbabilities, "test_infer_gives_the_numbers_of_predict"),
    (_KeepsAliases, "test_weights_are_copies"),
    (_ReturnsAliases, "test_weights_are_copies"),
    (_AcceptsAnyWeights, "test_set_weights_refuses_other_names"),
    (_AcceptsAnyWeights, "test_set_weights_refuses_other_shapes"),
    (_HalfSetsWeights, "test_set_weights_refuses_other_names"),
    (_RoundsWeights, "test_weights_are_those_injected"),
    (_MovesStatistics, "test_predict_leaves_weights_as_they_are"),
    (_MovesStatistics, "test_predict_repeats_itself"),
    (_GivesFloat64, "test_results_have_the_dtype_of_the_precision"),
    (_CountsBuffers, "test_counts_agree_with_the_graph"),
    (_CountsFlops, "test_counts_agree_with_the_graph"),
)


@pytest.mark.parametrize(("session", "test"), WRONG_SESSIONS)
def test_kit_fails_wrong_session(kit_complaints, session, test):
    class Wrong(NumpyBackend):
        def open(self, graph, weights, setup):
            self._check(graph, setup)
            return session(graph, weights, setup, self.operations)

    assert not kit_complaints(NumpyBackend, test)
    assert kit_complaints(Wrong, test)


def test_kit_fails_session_that_pretends_to_train(kit_complaints):
    class Wrong(NumpyBackend):
        def open(self, graph, weights, setup):
            return _TrainsInSilence(graph, weights, setup, self.operations)

    with pytest.raises(pytest.fail.Exception, match="UnsupportedError"):
        kit_complaints(Wrong, "test_forward_only_backend_refuses_to_train")


# Wrong backends.


class _AcceptsAnySetup(NumpyBackend):
    def _check(self, graph, setup):
        """Refuse nothing."""

    def open(self, graph, weights, setup):
        return super().open(graph, weights, replace(setup, precision="fp32"))


class _RunsUnknownOps(NumpyBackend):
    operations = MappingProxyType({**OPERATIONS, "op_of_the_future": OPERATIONS["tanh"]})

    def _check(self, graph, setup):
        """Refuse nothing."""


class _RefusesWithoutNames(NumpyBackend):
    def _check(self, graph, setup):
        try:
            super()._check(graph, setup)
        except Exception as error:
            raise type(error)("not supported") from error


class _ClaimsTooLittle(NumpyBackend):
    """It runs what it does not claim."""

    ops = frozenset(OPS) - {"gelu"}

    def _check(self, graph, setup):
        """Refuse nothing."""


class _ClaimsAMisspelling(NumpyBackend):
    ops = frozenset(OPS) | {"convolution"}


class _ClaimsWhatCannotBeTested(NumpyBackend):
    ops = frozenset({"input", "dense", "relu"})


class _HasNoDevice(NumpyBackend):
    def devices(self):
        return ("cuda:0",)

    def device_name(self, device):
        return "GPU"


class _HasNoVersion(NumpyBackend):
    def versions(self):
        return {}


WRONG_BACKENDS = (
    (_AcceptsAnySetup, "test_absent_device_is_refused"),
    (_AcceptsAnySetup, "test_unknown_precision_is_refused"),
    (_AcceptsAnySetup, "test_unknown_tier_is_refused"),
    (_RunsUnknownOps, "test_unknown_op_is_refused"),
    (_RefusesWithoutNames, "test_unknown_op_is_refused"),
    (_RefusesWithoutNames, "test_absent_device_is_refused"),
    (_ClaimsTooLittle, "test_op_agrees_with_reference"),
    (_ClaimsAMisspelling, "test_ops_are_of_the_vocabulary"),
    (_ClaimsWhatCannotBeTested, "test_every_claimed_op_is_exercised"),
    (_HasNoDevice, "test_backend_names_versions_and_devices"),
    (_HasNoVersion, "test_backend_names_versions_and_devices"),
)


@pytest.mark.parametrize(("backend", "test"), WRONG_BACKENDS)
def test_kit_fails_wrong_backend(kit_complaints, backend, test):
    assert not kit_complaints(NumpyBackend, test)
    assert kit_complaints(backend, test)


MEMORY = "test_device_memory_is_bytes_or_none"


def on_a_gpu(memory):
    """NumPy, pretending that its arrays are on a GPU."""

    class Session(NumpySession):
        def device_memory(self):
            return memory

    class Pretends(NumpyBackend):
        session_class = Session

        def devices(self):
            return ("cuda:0", "cpu")

    return Pretends


@pytest.mark.parametrize("memory", [DeviceMemory(10**6), DeviceMemory(10**6, 10**6)])
def test_kit_takes_peaks_that_hold_the_weights(kit_complaints, memory):
    assert not kit_complaints(on_a_gpu(memory), MEMORY, device="cuda:0")
    assert kit_complaints(on_a_gpu(memory), MEMORY)


@pytest.mark.parametrize("memory", [None, 10**6, DeviceMemory(7), DeviceMemory(10**6, 10**5)])
def test_kit_fails_peaks_that_cannot_be(kit_complaints, memory):
    assert kit_complaints(on_a_gpu(memory), MEMORY, device="cuda:0")


class _RefusesDenseOfRank(NumpyBackend):
    ranks = frozenset()

    def _check(self, graph, setup):
        super()._check(graph, setup)
        for node in graph.nodes:
            if node.op == "dense" and len(node.shape) in self.ranks:
                raise UnsupportedError(f"no 'dense' for {node.shape} as in '{node.name}'")


@pytest.mark.parametrize(("ranks", "accepted"), [({3}, True), ({1}, False)])
def test_kit_lets_backends_refuse_refusable_cases_only(kit_complaints, ranks, accepted):
    """A dense layer over positions may be refused; over vectors it is what `dense` means."""

    class Partial(_RefusesDenseOfRank):
        pass

    Partial.ranks = frozenset(ranks)
    if accepted:
        assert not kit_complaints(Partial, "test_op_agrees_with_reference")
    else:
        with pytest.raises(UnsupportedError):
            kit_complaints(Partial, "test_op_agrees_with_reference")


def test_three_lines_make_pytest_run_the_kit(pytester):
    """As a plugin's author has it; pytest finds the tests and sees the wrong one fail."""
    pytester.makepyfile(
        """
        from benchsuite.testing import BackendConformance, NumpyBackend
        from benchsuite.reference.oracle import OPERATIONS

        class TestRight(BackendConformance):
            trains = False
            create = lambda self: NumpyBackend()

        class Wrong(NumpyBackend):
            operations = {**OPERATIONS, "flatten": lambda a, w, x: x.reshape(len(x), -1)}

        class TestWrong(BackendConformance):
            trains = False
            create = lambda self: Wrong()
        """
    )
    result = pytester.runpytest("-k", "flatten and test_op", "-p", "no:cacheprovider")
    outcomes = result.parseoutcomes()
    assert (outcomes["passed"], outcomes["failed"]) == (5, 1)
    result.stdout.fnmatch_lines(["*FAILED*TestWrong*flatten-channel-major*"])
