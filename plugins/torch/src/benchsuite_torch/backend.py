"""The PyTorch backend: versions, devices, and opening sessions."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from benchsuite.contract import NativeModel, Recipe, Setup, check_request, check_setup
from benchsuite.errors import UnsupportedError
from benchsuite.graph import Graph, Shape
from benchsuite.graph.weights import Weights, check_weights
from benchsuite_torch.built_with import built_with
from benchsuite_torch.ceilings import TorchWorkload, copy, product
from benchsuite_torch.idiomatic import IdiomaticTorchSession
from benchsuite_torch.lowering import OPS, lower
from benchsuite_torch.native import describe
from benchsuite_torch.session import TorchSession
from benchsuite_torch.source import forward_source

_PRECISIONS = ("fp32", "tf32", "bf16", "fp16", "fp64")


class TorchBackend:
    """PyTorch: eager, channels last, or compiled; its user's interface is the eager one."""

    name = "torch"
    ops = OPS
    tiers = ("native", "native+layout", "compiled", "user_api")
    precisions = _PRECISIONS

    def versions(self) -> Mapping[str, str]:
        """PyTorch's version, and those of the libraries that it was built with."""
        found = {
            "torch": torch.__version__,
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
        }
        named = {name: str(version) for name, version in found.items() if version is not None}
        return {**named, **built_with(torch.__config__.show())}

    def devices(self) -> Sequence[str]:
        """`cuda:0`, …, `mps` and `cpu`, as far as they are there."""
        cuda = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
        mps = ["mps"] if torch.backends.mps.is_available() else []
        return (*cuda, *mps, "cpu")

    def device_name(self, device: str) -> str:
        """The vendor's name of an accelerator; the core names the CPU."""
        return str(torch.cuda.get_device_name(device)) if device.startswith("cuda") else device

    def open(self, graph: Graph, weights: Weights, setup: Setup) -> TorchSession:
        """Lower the graph and put it on the device.

        Raises UnsupportedError for an op, tier or precision that is not there, and
        UsageError for such a device or for weights that do not fit.
        """
        setup = check_request(self, graph, setup)
        check_weights(graph, weights)
        _configure(setup)
        return TorchSession(graph, _lowered(graph, weights, setup), setup)

    def open_idiomatic(
        self, graph: Graph, weights: Weights, setup: Setup, recipe: Recipe
    ) -> IdiomaticTorchSession:
        """A network that trains as PyTorch's tutorials do; raises as `open` does."""
        setup = check_request(self, graph, setup)
        check_weights(graph, weights)
        _configure(setup)
        return IdiomaticTorchSession(graph, _lowered(graph, weights, setup), setup, recipe)

    def open_native(
        self, model: NativeModel, input_shape: Shape, classes: int, setup: Setup
    ) -> TorchSession:
        """Build a library's own module; raises as `open` does, and what the library raises."""
        setup = check_setup(self, setup)
        _configure(setup)
        torch.manual_seed(setup.seed)
        module = model.build(input_shape, classes)
        graph = describe(model, module, input_shape, classes)
        return TorchSession(graph, module, setup)

    def multiply(self, setup: Setup, size: int) -> TorchWorkload:
        """`torch.mm`; see `benchsuite.contract.CeilingBackend`."""
        setup = check_setup(self, setup)
        _configure(setup)
        return product(setup, size)

    def copy(self, setup: Setup, elements: int) -> TorchWorkload:
        """`Tensor.copy_`; see `benchsuite.contract.CeilingBackend`."""
        setup = check_setup(self, setup)
        _configure(setup)
        return copy(setup, elements)

    def source(self, graph: Graph) -> str:
        """The generated code of a whole network; raises UnsupportedError as `open` does."""
        return forward_source(graph)


def _lowered(graph: Graph, weights: Weights, setup: Setup) -> Any:  # noqa: ANN401 - a torch.fx.GraphModule
    return lower(graph, weights, exact=setup.precision == "fp64")


def _configure(setup: Setup) -> None:
    """Set, for the whole process, what PyTorch would otherwise decide by its defaults."""
    if setup.device == "mps" and setup.precision == "fp64":
        raise UnsupportedError("device 'mps' has no precision 'fp64': use fp32, or the cpu")
    tf32 = setup.precision == "tf32"
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = False
    if setup.threads is not None:
        torch.set_num_threads(setup.threads)
