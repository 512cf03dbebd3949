"""The backend itself: what it says of itself, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from benchsuite.contract import Backend, DeviceMemory
from benchsuite.errors import BenchsuiteError, UnsupportedError, UsageError
from benchsuite.graph import OPS, Graph
from benchsuite.reference.nondegenerate import random_images
from benchsuite.testing.cases import OpCase, op_cases
from benchsuite.testing.conformance.kit import DTYPES, Kit, random_batch, require

#: Cases whose ops have MACs.
COUNTED = [case for case in op_cases() if case.graph.macs and not case.refusable]


class InterfaceTests(Kit):
    """Describing itself, and refusing clearly."""

    def test_backend_has_everything_in_the_contract(self) -> None:
        """Its attributes and methods are those of `benchsuite.contract.Backend`."""
        backend = self.create()
        require(isinstance(backend, Backend), f"{backend!r} lacks something of contract.Backend")
        require(bool(backend.name), "`name` is empty")
        require("native" in backend.tiers, f"`tiers` lacks 'native': {backend.tiers}")
        require("fp32" in backend.precisions, f"`precisions` lacks 'fp32': {backend.precisions}")

    def test_backend_names_versions_and_devices(self) -> None:
        """Versions and device names are words; the device under test is present."""
        backend = self.create()
        versions = backend.versions()
        require(bool(versions), "versions() is empty: name what computes")
        words = [*versions, *versions.values()]
        words += [backend.device_name(device) for device in backend.devices()]
        require(
            all(isinstance(word, str) and word for word in words),
            f"versions() and device_name() must give words, got {words}",
        )
        require(
            self.device in backend.devices(),
            f"devices() lacks the device under test, '{self.device}': {backend.devices()}",
        )

    def test_ops_are_of_the_vocabulary(self) -> None:
        """A claim to an op that no graph can contain is a misspelling."""
        strange = sorted(self.create().ops - set(OPS))
        require(not strange, f"`ops` claims what is not in the vocabulary: {', '.join(strange)}")

    def test_every_claimed_op_is_exercised(self) -> None:
        """No claim goes untested: each op is in a case that the backend can run."""
        ops = self.create().ops
        exercised = set[str]().union(*(c.graph.ops for c in op_cases() if c.graph.ops <= ops))
        untested = sorted(ops - exercised)
        require(
            not untested,
            f"{', '.join(untested)}: only testable together with 'input', 'flatten' "
            f"and, for sequences, 'image_to_sequence', 'select_token', 'dense' and 'add'",
        )

    def test_unknown_op_is_refused(self) -> None:
        """An op of a newer vocabulary is refused by its name and its layer's."""
        graph = self.network()
        last = replace(graph.output, op="op_of_the_future", name="odd_layer")
        newer = Graph("newer", (*graph.nodes[:-1], last))
        self.require_op_refused(newer, frozenset({"op_of_the_future"}))

    def test_unknown_tier_is_refused(self) -> None:
        """UnsupportedError, naming what was asked."""
        self._require_setup_refused(UnsupportedError, tier="no-such-tier")

    def test_unknown_precision_is_refused(self) -> None:
        """UnsupportedError, naming what was asked."""
        self._require_setup_refused(UnsupportedError, precision="fp3")

    def test_absent_device_is_refused(self) -> None:
        """UsageError, naming what was asked."""
        self._require_setup_refused(UsageError, device="abacus:7")

    def _require_setup_refused(self, error: type[BenchsuiteError], **asked: str) -> None:
        ((field, value),) = asked.items()
        message = self.refusal(error, self.network(), **asked)
        require(value in message, f"the refusal of {field} '{value}' must name it: {message}")

    def test_session_has_its_graph_and_native_object(self) -> None:
        """`graph` is what was opened; `native` is the framework's own object."""
        graph = self.network()
        with self.session(graph) as session:
            require(session.graph is graph, "`graph` is not the graph that was opened")
            require(session.native is not None, "`native` is None")

    @pytest.mark.parametrize("case", COUNTED, ids=str)
    def test_counts_agree_with_the_graph(self, case: OpCase) -> None:
        """Parameters and MACs, counted on the native model, are the graph's integers."""
        self.skip_unclaimed(case.graph)
        with self.session(case.graph) as session:
            counts = session.counts()
        require(bool(counts.counter), "`counter` is empty: name what counted")
        counted = (counts.parameters, counts.macs)
        expected = (case.graph.parameters, case.graph.macs)
        require(
            counted == expected,
            f"(parameters, MACs) are {counted} by {counts.counter}, {expected} by the graph",
        )

    def test_device_memory_is_bytes_or_none(self) -> None:
        """None on a CPU; elsewhere a DeviceMemory that holds the weights."""
        graph = self.network()
        with self.session(graph) as session:
            session.predict(random_images(graph))
            memory = session.device_memory()
        if memory is None or self.device == "cpu":
            on_cpu = memory is None and self.device == "cpu"
            require(on_cpu, f"device_memory() is None on a CPU, and there alone; got {memory}")
            return
        require(isinstance(memory, DeviceMemory), f"device_memory() gave {memory}")
        # Four bytes each: the session is in fp32.
        weights = 4 * (graph.parameters + graph.buffers)
        require(memory.allocated >= weights, f"{memory} has no room for weights of {weights} bytes")
        reserved = memory.allocated if memory.reserved is None else memory.reserved
        require(reserved >= memory.allocated, f"{memory}: more in use than was reserved")

    def test_forward_only_backend_refuses_to_train(self) -> None:
        """A backend with `trains = False` says so by UnsupportedError."""
        if self.trains:
            pytest.skip("this backend trains: TrainingTests hold it to more")
        graph = self.network()
        with self.session(graph) as session, pytest.raises(UnsupportedError):
            session.train([random_batch(graph)], [0.1])

    def test_results_have_the_dtype_of_the_precision(self) -> None:
        """float32 in fp32, float64 in fp64: logits and weights alike."""
        graph = self.network()
        for precision in self.precisions():
            with self.session(graph, precision=precision) as session:
                found = {name: array.dtype for name, array in session.weights().items()}
                found["predict()"] = session.predict(random_images(graph)).dtype
            wrong = {name: str(d) for name, d in found.items() if d != DTYPES[precision]}
            expected = np.dtype(DTYPES[precision])
            require(not wrong, f"in {precision} everything is {expected}; got {wrong}")
