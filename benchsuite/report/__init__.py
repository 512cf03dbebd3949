"""Views of records: the leaderboard, for the terminal and for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchsuite.lazy import imported_when_used

if TYPE_CHECKING:
    from benchsuite.report.leaderboard.console import leaderboard_table
    from benchsuite.report.leaderboard.rows import leaderboard_frame, write_csv

__all__ = ["leaderboard_frame", "leaderboard_table", "write_csv"]

#: `benchsuite list` needs no more than `report.columns.quantities`.
__getattr__ = imported_when_used(
    __name__,
    {
        "leaderboard_frame": "benchsuite.report.leaderboard.rows",
        "leaderboard_table": "benchsuite.report.leaderboard.console",
        "write_csv": "benchsuite.report.leaderboard.rows",
    },
)
