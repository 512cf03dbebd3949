"""The plots of a page as files, for papers: on white, one file a view."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

from benchsuite.errors import UsageError
from benchsuite.report.page.backend_pairs import backend_against_backend
from benchsuite.report.page.plot import Plot, PlotView, shown
from benchsuite.report.page.plots import plots_of
from benchsuite.report.page.source import ALL, Source, named_groups

_WIDTH_PX, _HEIGHT_PX = 800, 500
#: Pixels of a PNG for each of these, so that it is sharp in print.
_SCALE = {"png": 3, "svg": 1}
_LAYOUT = {
    "paper_bgcolor": "white",
    "plot_bgcolor": "white",
    "font": {"family": "sans-serif", "size": 14, "color": "black"},
    "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    "margin": {"l": 70, "r": 30, "t": 90, "b": 60},
}
_LONGEST_NAME = 150
_AXIS = {"gridcolor": "#d0d7de", "linecolor": "black", "showline": True, "zeroline": False}


def write_images(source: Source, folder: Path, kind: str) -> list[Path]:
    """Write every view of every plot into the folder, as `png` or `svg`, and return the files.

    Raises UsageError where what draws them is not installed, or the folder cannot be written.
    """
    try:
        import kaleido
        from choreographer.errors import BrowserFailedError, ChromeNotFoundError
    except ImportError as error:
        raise UsageError(
            f"--{kind} needs kaleido, which is not installed: pip install 'benchsuite[images]'"
        ) from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"'{folder}' cannot be written ({error.strerror}): name another folder"
        ) from error
    wanted = list(_figures(source, folder, kind))
    try:
        # MathJax would be fetched from the network, and no text of ours needs it.
        kaleido.write_fig_from_object_sync(wanted, kopts={"mathjax": False})
    except (ChromeNotFoundError, BrowserFailedError) as error:
        raise UsageError(
            f"--{kind} needs Chromium or Chrome, and none was found that starts: apt-get install "
            "chromium, or set BROWSER_PATH"
        ) from error
    return [figure["path"] for figure in wanted]


def _figures(source: Source, folder: Path, kind: str) -> Iterator[dict[str, Any]]:
    """What kaleido is asked for: each figure with its file and size."""
    taken: set[str] = set()
    for group, plot in _plots(source):
        for view in plot.views:
            name = file_name((plot.id, group, view.name), taken)
            size = {"width": _WIDTH_PX, "height": view.layout.get("height", _HEIGHT_PX)}
            yield {
                "fig": _figure(plot, group, view),
                "path": folder / f"{name}.{kind}",
                "opts": {"format": kind, **size, "scale": _SCALE[kind]},
            }


def _plots(source: Source) -> Iterator[tuple[str, Plot]]:
    """Each with the name of its group, which is empty where there is only one."""
    yield "", backend_against_backend(source.entries)
    for name, group in named_groups(source.records):
        said = "" if name == ALL else name
        yield from ((said, plot) for plot in plots_of(source.of(group.records)))


def file_name(parts: Sequence[str], taken: set[str]) -> str:
    """A name of letters, digits, points and hyphens that none of `taken` has; it joins them."""
    plain = [re.sub(r"[^A-Za-z0-9.]+", "-", part).strip("-.") for part in parts]
    wanted = "_".join(filter(None, plain))[:_LONGEST_NAME]
    names = chain([wanted], (f"{wanted}-{number}" for number in count(2)))
    name = next(name for name in names if name not in taken)
    taken.add(name)
    return name


def _figure(plot: Plot, group: str, view: PlotView) -> dict[str, Any]:
    title = " · ".join(filter(None, (plot.title, shown(view.name), shown(group))))
    axes = {
        name: {**axis, **_AXIS} for name, axis in view.layout.items() if name.startswith(("x", "y"))
    }
    layout = {**_LAYOUT, **view.layout, **axes, "title": {"text": title, "font": {"size": 15}}}
    return {"data": view.data, "layout": layout}
