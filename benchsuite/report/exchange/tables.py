"""The leaderboard's Markdown, small enough for a comment."""

from __future__ import annotations

from collections.abc import Sequence

from benchsuite.records import Record
from benchsuite.report.leaderboard.formats import markdown
from benchsuite.report.leaderboard.rows import columns_of
from benchsuite.report.leaderboard.view import view_of


def figures(records: Sequence[Record], *, wide: bool) -> str:
    """A table for each fair ranking, with what its marks mean; failures have their reasons."""
    text = markdown(records, view_of(columns_of(records)), wide=wide).decode().strip()
    return "\n".join(map(_unpadded, text.splitlines()))


def _unpadded(line: str) -> str:
    """A table's line; a hard line break, two spaces, stays: GitHub's limit is 65,536 characters."""
    return " ".join(line.split()) if line.startswith("|") else line
