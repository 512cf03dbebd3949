"""Where published checkpoints differ from the `state_dict` of today's torchvision.

torchvision changes them as it loads them (`densenet._load_state_dict`,
`vision_transformer.MLPBlock._load_from_state_dict`, and the `aux_logits` of `googlenet` and
`inception_v3`); so does benchsuite.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TypeVar

_Array = TypeVar("_Array")

#: A name as published, and as it is today.
_RENAMED = (
    (re.compile(r"(.*denselayer\d+\.(?:norm|conv))\.([12]\.\w+)"), r"\1\2"),
    (re.compile(r"(.*\.mlp)\.linear_1(\.\w+)"), r"\1.0\2"),
    (re.compile(r"(.*\.mlp)\.linear_2(\.\w+)"), r"\1.3\2"),
)
#: Heads that only help in training, and that our networks leave out.
_AUXILIARY = {"googlenet": ("aux1.", "aux2."), "inception_v3": ("AuxLogits.",)}


def renamed(arrays: Mapping[str, _Array], names: Collection[str]) -> dict[str, _Array]:
    """The arrays under the names of today, where the network has those and the file has not."""
    return {_today(name, arrays, names): array for name, array in arrays.items()}


def _today(name: str, arrays: Mapping[str, _Array], names: Collection[str]) -> str:
    for pattern, replacement in _RENAMED:
        if pattern.fullmatch(name):
            new = pattern.sub(replacement, name)
            if new in names and new not in arrays:
                return new
    return name


def is_auxiliary(name: str, architecture: str) -> bool:
    """Whether a published checkpoint has this weight for an auxiliary head."""
    return name.startswith(_AUXILIARY.get(architecture, ()))
