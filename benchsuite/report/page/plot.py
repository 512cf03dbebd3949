"""What a plot is: views of one question, each a Plotly figure as plain data."""

import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle, groupby
from operator import attrgetter
from typing import Any

import msgspec

from benchsuite.records import Record
from benchsuite.report.columns.conditions import WITHIN_SETTING, telling_apart
from benchsuite.report.columns.quantities import extents
from benchsuite.report.page.source import PageEntry

Trace = dict[str, Any]
Layout = dict[str, Any]

#: Each has a contrast of 3.7 or more to white and to the page's dark ground, so that one palette
#: does for both (WCAG 2.2 asks for 3).
COLOURS = (
    *("#2f7fd1", "#d0661c", "#2e9150", "#9b62d0"),
    *("#d9484d", "#1b9191", "#8f7a1e", "#cf4f9b"),
)
_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "star", "x", "pentagon")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
NEUTRAL = "#6e7781"
_SPAN = 8
_BACKEND = attrgetter("record.case.backend")
_ARCHITECTURE = attrgetter("record.case.architecture")


class PlotView(msgspec.Struct, frozen=True):
    """One choice of what a plot shows; the name is empty where there is only one."""

    name: str
    data: list[Trace]
    layout: Layout


class Plot(msgspec.Struct, frozen=True):
    """A question, and its answers to choose from; `absent` says why there is none."""

    id: str
    title: str
    description: str
    views: list[PlotView]
    absent: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How one backend is drawn, in every plot: by colour, and by symbol or dashes."""

    colour: str
    symbol: str
    dash: str

    def marker(self, hollow: Sequence[bool]) -> Trace:
        """Of single points."""
        symbols = [f"{self.symbol}-open" if is_so else self.symbol for is_so in hollow]
        return {"color": self.colour, "symbol": symbols, "size": 9}

    def line(self) -> Trace:
        """Of a curve."""
        return {"color": self.colour, "dash": self.dash, "width": 2}


def looks_of(names: Iterable[str]) -> dict[str, Look]:
    """A look for each backend, in order of name; colours repeat after eight of them."""
    looks = zip(cycle(COLOURS), cycle(_SYMBOLS), cycle(_DASHES), strict=False)
    return {name: Look(*look) for name, look in zip(sorted(set(names)), looks, strict=False)}


def shown(text: str) -> str:
    """A text for Plotly, which takes some tags of HTML for markup."""
    return html.escape(text, quote=False)


def drawn(value: float | None) -> float | None:
    """A number as finely as a plot can show it, so that a page of thousands stays small."""
    return None if value is None else float(f"{value:.5g}")


def by_backend(entries: Sequence[PageEntry]) -> list[tuple[str, list[PageEntry]]]:
    """Entries of each backend, in order of name."""
    ordered = sorted(entries, key=_BACKEND)
    return [(name, list(group)) for name, group in groupby(ordered, key=_BACKEND)]


def labels(entries: Sequence[PageEntry]) -> list[str]:
    """Of each, the backend and whatever else tells it from the others, as `torch, seed 1`."""
    records = [entry.record for entry in entries]
    apart = telling_apart(records, WITHIN_SETTING)
    return [
        ", ".join([r.case.backend, *(f"{c.name.replace('_', ' ')} {c.read(r)}" for c in apart)])
        for r in records
    ]


def label(record: Record) -> str:
    """One point among others: its architecture, input and seed."""
    case = record.case
    return f"{case.architecture} {extents(case.input_shape)}, seed {case.seed}"


def views_by_architecture(
    entries: Sequence[PageEntry],
    layout: Layout,
    traces: Callable[[Sequence[PageEntry]], list[Trace]],
) -> list[PlotView]:
    """A view for each architecture."""
    ordered = sorted(entries, key=_ARCHITECTURE)
    groups = groupby(ordered, key=_ARCHITECTURE)
    return [PlotView(name, traces(list(group)), layout) for name, group in groups]


def scatter(
    mode: str, name: str, xs: Iterable[object], ys: Iterable[object], **more: object
) -> Trace:
    """Points, or lines through them."""
    places = {"x": list(xs), "y": list(ys)}
    return {"type": "scatter", "mode": mode, "name": shown(name), **places, **more}


def axis(title: str, **more: object) -> Layout:
    """An axis whose title holds its unit."""
    return {"title": {"text": title}, "automargin": True, **more}


def log_axis(title: str, values: Iterable[float | None]) -> Layout:
    """A logarithmic one; ticks at 1, 2 and 5 where these values span about a decade or more."""
    found = [value for value in values if value]
    wide = bool(found) and max(found) > _SPAN * min(found)
    return axis(title, type="log", **({"dtick": "D2"} if wide else {}))


def share_axis(title: str) -> Layout:
    """One of fractions, which looks no farther than from 0 to 1."""
    # A little above 1, so that a marker at 1 is whole.
    return axis(title, autorangeoptions={"clipmin": 0, "clipmax": 1.02})


def finished(entries: Iterable[PageEntry]) -> list[PageEntry]:
    """Those that ended well: figures of others are in their own pages alone."""
    return [entry for entry in entries if entry.record.status == "ok"]
