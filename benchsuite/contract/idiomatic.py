"""What a backend implements besides, to show its framework as its own tutorials use it."""

from collections.abc import Mapping
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract.backend import Session, Setup
from benchsuite.contract.recipe import Recipe
from benchsuite.graph import Graph

#: Whose rules training follows: the core's, the same for every backend, or the framework's own.
Division = Literal["matched", "idiomatic"]
#: What a recipe may say in the idiomatic division; all else is the framework's own.
IDIOMATIC_FIELDS = (
    *("optimizer", "lr", "momentum", "weight_decay"),
    *("batch_size", "epochs", "target_top1"),
)


@runtime_checkable
class IdiomaticSession(Session, Protocol):
    """A session that trains in its framework's own way."""

    def fit(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> float:
        """One epoch over (N, H, W, C) and (N,), in an order of the framework's; its mean loss.

        The input pipeline is the framework's too, and normalises by `Setup.normalizer`.
        """


@runtime_checkable
class IdiomaticBackend(Protocol):
    """A backend that has the division `idiomatic`."""

    def open_idiomatic(
        self,
        graph: Graph,
        weights: Mapping[str, NDArray[np.floating]],
        setup: Setup,
        recipe: Recipe,
    ) -> IdiomaticSession:
        """Lower the graph, with the framework's own initial values where its layers have any.

        weights: for what has none (tokens, positions). Of the recipe, `IDIOMATIC_FIELDS` count.
        Raises as `Backend.open` does.
        """
