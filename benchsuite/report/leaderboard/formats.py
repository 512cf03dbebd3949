"""The leaderboard in the formats of other programs, and of documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from io import BytesIO, StringIO
from typing import TYPE_CHECKING

from benchsuite.errors import MissingDependencyError
from benchsuite.records import Record
from benchsuite.records.writing import pretty_json
from benchsuite.report.leaderboard.captions import caption, legend, title
from benchsuite.report.leaderboard.cells import Field, name_field, record_of
from benchsuite.report.leaderboard.console import leaderboard_table
from benchsuite.report.leaderboard.markdown import escaped
from benchsuite.report.leaderboard.ranking_table import RankingTable, ranking_tables
from benchsuite.report.leaderboard.rows import csv_text, in_order, leaderboard_frame
from benchsuite.report.leaderboard.view import View
from benchsuite.terminal import console

if TYPE_CHECKING:
    import pandas as pd

_UNLIMITED = 100_000
#: Also what pdfTeX's fonts lack.
_LATEX = str.maketrans(
    {
        **{character: f"\\{character}" for character in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "×": r"$\times$",
        "±": r"$\pm$",
        "≠": r"$\neq$",
        "◆": r"$\diamond$",
        "→": r"$\to$",
        "·": r"$\cdot$",
    }
)


def csv(records: Sequence[Record], view: View, *, wide: bool) -> bytes:  # noqa: ARG001 - all columns anyway
    """All columns, or those chosen, with a header; missing cells are empty."""
    return csv_text(records, view).encode()


def json(records: Sequence[Record], view: View, *, wide: bool) -> bytes:  # noqa: ARG001 - likewise
    """The same as a list of objects, one a row; missing cells are null."""
    columns = view.chosen or view.known
    rows = [
        {column.name: column.read(record) for column in columns}
        for record in in_order(records, view.sort)
    ]
    return pretty_json(rows)


def parquet(records: Sequence[Record], view: View, *, wide: bool) -> bytes:  # noqa: ARG001 - likewise
    """The same as Parquet, typed. Raises MissingDependencyError where pyarrow is missing."""
    # pandas' own error does not name the extra that brings it.
    if find_spec("pyarrow") is None:
        raise MissingDependencyError(
            "--format parquet needs pyarrow, which is not installed: "
            "pip install 'benchsuite[parquet]'"
        )
    content = BytesIO()
    leaderboard_frame(records, view).to_parquet(content, engine="pyarrow", index=False)
    return content.getvalue()


def markdown(records: Sequence[Record], view: View, *, wide: bool) -> bytes:
    """The figures that the terminal shows, as GitHub's tables; sections are a column."""

    def write(frame: pd.DataFrame, alignment: Sequence[str], name: str) -> str:
        # tabulate would take texts such as 1e5 for numbers, and write them anew.
        text: str = frame.to_markdown(index=False, disable_numparse=True, colalign=alignment)
        return f"**{name}**\n\n{text}" if name else text

    above, tables, below = _document(records, view, write, escaped, wide=wide)
    parts = ["  \n".join(above), *tables, "  \n".join(below)]
    return ("\n\n".join(filter(None, parts)) + "\n").encode()


def latex(records: Sequence[Record], view: View, *, wide: bool) -> bytes:
    """The same as LaTeX's tables; they need the package booktabs."""

    def write(frame: pd.DataFrame, alignment: Sequence[str], name: str) -> str:
        columns = "".join(align[0] for align in alignment)
        # pandas would escape neither ± nor ×: cells are escaped before.
        return frame.to_latex(
            index=False, escape=False, column_format=columns, caption=name or None
        )

    above, tables, below = _document(records, view, write, _in_latex, wide=wide)
    notes = "\n".join(rf"\par\noindent {line}" for line in [*above, *below])
    return "\n".join([*tables, notes, ""]).encode()


def table(records: Sequence[Record], view: View, *, wide: bool) -> bytes:
    """The terminal's table as plain text, without a limit of its width."""
    text = StringIO()
    output = console(file=text, width=_UNLIMITED, color_system=None, highlight=False)
    output.print(leaderboard_table(records, view, wide=wide))
    return text.getvalue().encode()


#: What writes a format, by its name.
FORMATS: Mapping[str, Callable[..., bytes]] = {
    write.__name__: write for write in (table, csv, markdown, json, parquet, latex)
}


def _in_latex(text: str) -> str:
    return " ".join(text.split()).translate(_LATEX)


def _document(
    records: Sequence[Record],
    view: View,
    write: Callable[[pd.DataFrame, Sequence[str], str], str],
    escape: Callable[[str], str],
    *,
    wide: bool,
) -> tuple[list[str], list[str], list[str]]:
    """Lines above, tables, and lines below, all escaped; `write` makes one under its name."""
    import pandas as pd

    tables = ranking_tables(records, view, wide=wide)
    written = []
    for table in tables:
        fields = _fields(table, view)
        cells = [[escape(field.shown(row)) for field in fields] for row in table.rows]
        frame = pd.DataFrame(cells, columns=[escape(field.header) for field in fields])
        name = escape(title(table, tables))
        written.append(write(frame, [field.align for field in fields], name))
    said = (caption(tables, replace(view, section=None), wide=wide), legend(tables))
    above, below = ([escape(line.plain) for line in lines if line.plain] for lines in said)
    return above, written, below


def _fields(table: RankingTable, view: View) -> list[Field]:
    """Those of the terminal, between what sections are by and what became of failures."""
    sectioned = view.section if not view.chosen else None
    section = [name_field(table.rows, sectioned)] if sectioned else []
    failed = any(record_of(row).status != "ok" for row in table.rows)
    outcome = [table.outcome] if table.outcome and failed else []
    return [*section, *table.fields, *outcome]
