"""A comparison as text: for terminals, for pull requests, and for other programs."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from benchsuite.names import readable_line
from benchsuite.records.writing import pretty_json
from benchsuite.report.columns.column import Column, Figure, Value
from benchsuite.report.columns.columns import COLUMNS
from benchsuite.report.columns.conditions import CASE_COLUMNS, NAMES
from benchsuite.report.comparison.change import Finding
from benchsuite.report.comparison.pairing import Pair, Pairing
from benchsuite.report.comparison.rows import Row
from benchsuite.report.leaderboard.markdown import escaped

Cells = list[dict[str, Value]]

_RIGHT = frozenset({"A", "B", "change", "95 % interval"})


def entries(findings: Iterable[Finding], pairing: Pairing) -> Cells:
    """One line a finding, and one for each row without a partner: column -> value, for programs.

    Those of one pair follow each other. `ratio` is B / A; figures of quality have a `difference`,
    B - A, in its place.
    """
    lines = []
    for pair, of_pair in groupby(findings, key=attrgetter("pair")):
        shared = _of_pair(pair)
        lines += [{**shared, **_of_finding(finding)} for finding in of_pair]
    for side, rows in (("A", pairing.only_first), ("B", pairing.only_second)):
        lines += [{**_case(row), "verdict": f"only in {side}"} for row in rows]
    return [{name: line.get(name) for name in _HEADER} for line in lines]


def _case(row: Row) -> dict[str, Value]:
    return {name: row.cell(name) for name in CASE_COLUMNS}


def _of_pair(pair: Pair) -> dict[str, Value]:
    """What both rows are, and in what they differ."""
    values = [row.cell(pair.axis) for row in (pair.first, pair.second)] if pair.axis else []
    return {
        **_case(pair.second),
        **({pair.axis: " → ".join(map(str, values))} if values else {}),
        "a_run": pair.first.cell("run"),
        "b_run": pair.second.cell("run"),
    }


def _of_finding(finding: Finding) -> dict[str, Value]:
    kind = "ratio" if finding.is_ratio else "difference"
    return {
        **({"seed": f"mean of {finding.seeds}"} if finding.seeds else {}),
        "metric": finding.column.name if finding.column else None,
        "a": finding.first,
        "b": finding.second,
        kind: finding.change,
        f"{kind}_low": finding.low,
        f"{kind}_high": finding.high,
        "p_value": finding.p_value,
        "verdict": finding.said,
        "how": finding.how,
    }


_HEADER = (
    *(*CASE_COLUMNS, "a_run", "b_run", "metric", "a", "b", "ratio", "ratio_low", "ratio_high"),
    *("difference", "difference_low", "difference_high", "p_value", "verdict", "how"),
)


def as_csv(lines: Cells) -> str:
    """With a header; blank where there is nothing."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def as_json(lines: Cells) -> str:
    """A list of objects; null where there is nothing."""
    return pretty_json(lines).decode()


def as_text(lines: Cells, columns: Sequence[Column] = COLUMNS) -> str:
    """A plain table for people: what all cases have in common is left out.

    columns: those of the figures; of plugins' probes, nobody else knows the unit for people.
    """
    table = _tabulated(*_shown(lines, columns, readable_line), "plain")
    return "\n".join(line.rstrip() for line in table.splitlines())


def as_markdown(lines: Cells, columns: Sequence[Column] = COLUMNS) -> str:
    """A table for GitHub, in which no text is markup."""
    shown = _shown(lines, columns, lambda text: escaped(readable_line(text)))
    return _tabulated(*shown, "github")


def _tabulated(headers: Sequence[str], rows: Sequence[Sequence[str]], form: str) -> str:
    from tabulate import tabulate

    aligned = ["right" if header in _RIGHT else "left" for header in headers]
    # Numbers have their digits already: tabulate would align and round them anew.
    table: str = tabulate(rows, headers, form, colalign=aligned, disable_numparse=True)
    return table


def summary(lines: Cells) -> str:
    """Such as `12 comparisons: 1 worse, 11 same`."""
    counts = Counter(str(line["verdict"]) for line in lines)
    compared = sum(line["metric"] is not None for line in lines)
    found = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    return f"{compared} comparison{'' if compared == 1 else 's'}: {found}"


def _shown(
    lines: Cells, columns: Sequence[Column], clean: Callable[[str], str]
) -> tuple[list[str], list[list[str]]]:
    """Headers, and rows under them."""
    by_name = {column.name: column.figure for column in columns}
    names = [n for n in CASE_COLUMNS if n in NAMES or len({line[n] for line in lines}) > 1]
    headers = [*names, "metric", "A", "B", "change", "95 % interval", "verdict", "how"]
    cases = (["" if line[name] is None else str(line[name]) for name in names] for line in lines)
    rows = [
        [clean(cell) for cell in (*case, *_figures(line, by_name))]
        for case, line in zip(cases, lines, strict=True)
    ]
    return headers, rows


def varying(rows: Sequence[Row], further: Sequence[str] = ()) -> list[str]:
    """The columns that tell such rows apart, the two that always do first."""
    names = (*CASE_COLUMNS, *further)
    return [n for n in names if n in NAMES or len({row.cell(n) for row in rows}) > 1]


def _figures(line: Mapping[str, Value], by_name: Mapping[str, Figure | None]) -> Iterator[str]:
    """The cells that a comparison adds to its case, as people read them."""
    metric = str(line["metric"] or "")
    figure = by_name.get(metric) or Figure(metric)
    yield figure.header.replace("\n", " ")
    for side in ("a", "b"):
        value = line[side]
        yield figure.show(float(value)) if isinstance(value, int | float) else ""
    yield from _change(line)
    yield str(line["verdict"])
    yield str(line["how"] or "")


def _change(line: Mapping[str, Value]) -> tuple[str, str]:
    """The change, and its interval."""
    is_ratio = line["ratio"] is not None
    kind = "ratio" if is_ratio else "difference"
    change, low, high = (line[f"{kind}{end}"] for end in ("", "_low", "_high"))

    def show(value: Value) -> str:
        if not isinstance(value, int | float):
            return ""
        return f"{100 * (value - 1):+.1f}" if is_ratio else f"{value:+.4f}"

    unit = " %" if is_ratio else ""
    interval = f"{show(low)} … {show(high)}{unit}" if low is not None else ""
    return f"{show(change)}{unit}" if change is not None else "", interval
