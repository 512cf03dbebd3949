"""What a backend says of itself, on the machine where the worker runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from benchsuite.processes.messages import BackendInspection

if TYPE_CHECKING:
    from benchsuite.contract import Backend


def inspect(backend: Backend) -> BackendInspection:
    """Its versions, devices, tiers and precisions."""
    return BackendInspection(
        versions=plain(backend.versions()),
        devices=tuple(backend.devices()),
        tiers=tuple(backend.tiers),
        precisions=tuple(backend.precisions),
    )


def plain(words: Mapping[str, str]) -> dict[str, str]:
    """The words as plain text: frameworks have versions of a type of their own."""
    return {str(key): str(value) for key, value in words.items()}
