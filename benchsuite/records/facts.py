"""What a run's file has to say, as far as views rely on it; all else may be anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from benchsuite.errors import UsageError
from benchsuite.records.reading import NOT_OURS, read_json


class _Machine(msgspec.Struct, frozen=True):
    host: str | None = None
    cpu: str | None = None
    platform: str | None = None
    commit: str | None = None


class _Facts(msgspec.Struct, frozen=True):
    environment: _Machine = _Machine()


class _Part(_Facts, frozen=True, kw_only=True):
    cases: list[str]


class _Run(_Facts, frozen=True):
    parts: list[_Part] = []


def read_facts(path: Path) -> dict[str, Any]:
    """The content of a run's file. Raises UsageError where it is none."""
    facts: dict[str, Any] = read_json(path, dict[str, Any], "run")
    try:
        msgspec.convert(facts, _Run)
    except NOT_OURS as error:
        raise UsageError(f"'{path}' is not a benchsuite run: {error}") from error
    return facts
