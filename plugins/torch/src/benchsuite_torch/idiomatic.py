"""PyTorch as its tutorials use it: a `Dataset`, a `DataLoader`, and a loop over batches.

https://docs.pytorch.org/tutorials/beginner/basics/optimization_tutorial.html
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.data import DataLoader, Dataset

from benchsuite.contract import Normalizer, Recipe, Setup
from benchsuite.graph import Graph
from benchsuite_torch.session import TorchSession


class IdiomaticTorchSession(TorchSession):
    """`benchsuite.contract.IdiomaticSession` for PyTorch, with its own initial values."""

    def __init__(
        self,
        graph: Graph,
        module: Any,  # noqa: ANN401 - a torch.fx.GraphModule
        setup: Setup,
        recipe: Recipe,
    ) -> None:
        super().__init__(graph, module, setup)
        self._recipe = recipe
        for layer in self._module.modules():
            for reset in ("reset_parameters", "_reset_parameters"):
                getattr(layer, reset, lambda: None)()
        self._own_optimizer = _optimizer(recipe, self._module)

    def fit(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> float:
        """One epoch, shuffled; the loss is fetched after every step, as tutorials do."""
        pictures = _Pictures(images, labels, self._setup.normalizer)
        loader = DataLoader(pictures, self._recipe.batch_size, shuffle=True)
        loss_of = nn.CrossEntropyLoss()
        total = 0.0
        self._module.train()
        for pixels, classes in loader:
            placed = pixels.to(self._device, self._dtype)
            targets = classes.to(self._device)
            loss = loss_of(self._module(placed), targets)
            self._own_optimizer.zero_grad()
            loss.backward()
            self._own_optimizer.step()
            total += loss.item() * len(classes)
        return total / len(pictures)


class _Pictures(Dataset):  # type: ignore[misc] # torch is Any here
    """One image at a time, normalised: (C, H, W) float32."""

    def __init__(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], normalizer: Normalizer
    ) -> None:
        self._images, self._labels = images, labels
        scale, shift = (torch.tensor(v) for v in (normalizer.scale, normalizer.shift))
        self._scale, self._shift = scale.reshape(-1, 1, 1), shift.reshape(-1, 1, 1)

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        pixels = torch.from_numpy(self._images[index]).permute(2, 0, 1)
        return pixels * self._scale + self._shift, int(self._labels[index])


def _optimizer(recipe: Recipe, module: Any) -> Any:  # noqa: ANN401 - torch's own
    """With PyTorch's own defaults for all that the recipe does not say."""
    decay = {"weight_decay": recipe.weight_decay} if recipe.weight_decay else {}
    if recipe.optimizer in ("sgd", "rmsprop"):
        made = torch.optim.SGD if recipe.optimizer == "sgd" else torch.optim.RMSprop
        return made(module.parameters(), lr=recipe.lr, momentum=recipe.momentum, **decay)
    made = torch.optim.AdamW if recipe.optimizer == "adamw" else torch.optim.Adam
    return made(module.parameters(), lr=recipe.lr, **decay)
