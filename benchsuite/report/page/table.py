"""What a table of the page is: the page's script sorts, filters and draws it."""

from collections.abc import Iterable, Sequence

import msgspec


class Heading(msgspec.Struct, frozen=True, omit_defaults=True):
    """One column.

    numeric: sorted by number and set to the right; best first where `descending` says so.
    choices: whether rows may be chosen by what they say here.
    extra: shown only where every column is asked for.
    """

    name: str
    help: str = ""
    numeric: bool = False
    descending: bool = False
    choices: bool = False
    extra: bool = False


def choosable(*names: str) -> list[Heading]:
    """Columns by what they say in which rows may be chosen."""
    return [Heading(name, choices=True) for name in names]


class PageCell(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """What is read, what it is sorted by, and more in words.

    look: `best`, `doubtful` or `bad`.
    """

    text: str
    value: float | None = None
    note: str = ""
    look: str = ""


class Row(msgspec.Struct, frozen=True, array_like=True):
    """Cells, a heading each; the first leads to the case with that key, where there is one.

    A number alone is shown with six significant digits.
    """

    key: str
    cells: Sequence[PageCell | str | float]


class Table(msgspec.Struct, frozen=True):
    """Rows under their headings; `empty` is said where there are none."""

    caption: str
    headings: list[Heading]
    rows: list[Row]
    empty: str = ""


def plain(
    caption: str, headings: Iterable[str], rows: Iterable[Sequence[object]], empty: str = "none"
) -> Table:
    """A table of texts and numbers as they are; None is blank. Numbers are sorted as such."""
    found = [[_cell(value) for value in row] for row in rows]
    numeric = [
        any(isinstance(c, float) for c in column)
        and all(isinstance(c, float) or c == "" for c in column)
        for column in zip(*found, strict=True)
    ]
    named = list(headings)
    kinds = numeric or [False] * len(named)
    return Table(
        caption,
        [Heading(name, numeric=kind) for name, kind in zip(named, kinds, strict=True)],
        [Row("", cells) for cells in found],
        empty,
    )


def _cell(value: object) -> PageCell | str | float:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        # Six digits are all that is shown: more would only make the page larger.
        return float(value) if isinstance(value, int) else float(f"{value:.6g}")
    return str(value)
