"""Views of records: the leaderboard, for the terminal and for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchsuite.report.leaderboard.console import leaderboard_table
    from benchsuite.report.leaderboard.rows import leaderboard_frame, write_csv

__all__ = ["leaderboard_frame", "leaderboard_table", "write_csv"]

#: Loaded on first use: `benchsuite list` needs no more than `report.columns.quantities`.
_LAZY = {
    "leaderboard_frame": "leaderboard.rows",
    "leaderboard_table": "leaderboard.console",
    "write_csv": "leaderboard.rows",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _LAZY:
        raise AttributeError(f"module 'benchsuite.report' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f"benchsuite.report.{_LAZY[name]}"), name)
