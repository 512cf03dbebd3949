"""What is asked of the leaderboard: which columns, in which order, in which sections."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchsuite.errors import UnknownNameError, did_you_mean
from benchsuite.records import Record
from benchsuite.report.columns.column import Column
from benchsuite.report.columns.columns import COLUMNS, RENAMED

#: Short names of columns. `docs/reference/leaderboard.md` lists them in this order.
ALIASES: Mapping[str, str] = {column.alias: column.name for column in COLUMNS if column.alias}
_BY_DEFAULT = "architecture"


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column that rows are in order of; `descending` as its values are."""

    column: Column
    descending: bool

    def arrange(self, records: Sequence[Record]) -> list[Record]:
        """The records in this order; equal ones stay as they are, missing ones come last."""
        known = [r for r in records if self.column.read(r) is not None]
        missing = [r for r in records if self.column.read(r) is None]
        # None cannot be compared, and is neither best nor worst.
        return [*sorted(known, key=self.column.read, reverse=self.descending), *missing]  # type: ignore[arg-type] # none is None


@dataclass(frozen=True, slots=True)
class View:
    """How records are to be seen.

    known: every column that there is.
    chosen: those asked for; none leaves the choice to the format.
    section: the column that parts a printed table; None leaves it whole.
    """

    known: Sequence[Column]
    chosen: Sequence[Column]
    sort: Sequence[SortKey]
    section: Column | None


def view_of(
    known: Sequence[Column], *, columns: str = "", sort: str = "", group_by: str = ""
) -> View:
    """A view, from names or aliases that commas divide; a `-` before a sorted one reverses it.

    Sections are by architecture where nothing is said of them or of the order. Raises
    UnknownNameError for a name that is no column's.
    """
    section = group_by or ("" if sort else _BY_DEFAULT)
    return View(
        known,
        [find_column(name, known) for name in _names(columns)],
        [_sort_key(name, known) for name in _names(sort)],
        find_column(section, known) if section else None,
    )


def find_column(name: str, known: Iterable[Column]) -> Column:
    """The column of that name or alias. Raises UnknownNameError where there is none."""
    by_name = {column.name: column for column in known}
    probes = {c.alias: c.name for c in by_name.values() if c.alias}
    found = by_name.get({**probes, **ALIASES}.get(name) or RENAMED.get(name, name))
    if found is None:
        raise UnknownNameError(
            f"unknown column '{name}'.{did_you_mean(name, [*by_name, *ALIASES])} "
            "docs/reference/leaderboard.md lists columns and their aliases"
        )
    return found


def _names(words: str) -> list[str]:
    return [name for word in words.split(",") if (name := word.strip())]


def _sort_key(word: str, known: Sequence[Column]) -> SortKey:
    """The best come first where a column has a better end, else the smallest."""
    column = find_column(word.removeprefix("-"), known)
    return SortKey(column, (column.better == "higher") != word.startswith("-"))
