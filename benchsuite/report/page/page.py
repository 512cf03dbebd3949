"""The page itself: a template, its style and script, Plotly, and the data that they show.

Nothing in it is loaded from elsewhere, and its Content-Security-Policy allows nothing to be.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from benchsuite import __version__
from benchsuite.records import Record
from benchsuite.records.writing import write_output
from benchsuite.report.fairness.groups import differing
from benchsuite.report.leaderboard.captions import describe_protocol, hardware
from benchsuite.report.page.backend_pairs import backend_against_backend
from benchsuite.report.page.cases import case_pages
from benchsuite.report.page.findings import certificates, failures, ledger, spoken
from benchsuite.report.page.leaderboard_table import leaderboard
from benchsuite.report.page.plot import Plot
from benchsuite.report.page.plots import plots_of
from benchsuite.report.page.source import Source, named_groups
from benchsuite.report.page.table import Table
from benchsuite.report.page.verdicts import verdict_table

_SCRIPTS = ("table.js", "plot.js", "page.js")


class Group(msgspec.Struct, frozen=True):
    """Rows that one ranking may hold, and their plots; `name` says what sets them apart."""

    name: str
    table: Table
    plots: list[Plot]


class Overview(msgspec.Struct, frozen=True):
    """What the overview's tables and plots are drawn from."""

    groups: list[Group]
    verdicts: Table
    backend_pairs: Plot
    certificates: Table
    failures: Table


def write_page(source: Source, path: Path) -> Path:
    """Write the page as a whole. Raises UsageError where it cannot be written."""
    write_output(path, page_html(source).encode())
    return path


def page_html(source: Source) -> str:
    """The whole page as one text of HTML."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from plotly.offline import get_plotlyjs

    environment = Environment(
        loader=PackageLoader("benchsuite.report.page", "."),
        autoescape=True,
        # A misspelt name in the template is an error, and no blank on the page.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    own = "".join(_text_of(name) for name in _SCRIPTS)
    scripts = [f"\n{script}\n" for script in (own, get_plotlyjs())]
    return environment.get_template("page.html.jinja").render(
        _facts(source),
        style=_text_of("page.css"),
        scripts=scripts,
        hashes=[_hash(script) for script in scripts],
        board=script_json(_overview(source)),
        cases=script_json(case_pages(source)),
    )


def script_json(value: object) -> str:
    """JSON that no text in it can end the script element of."""
    text = msgspec.json.encode(value).decode()
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _text_of(name: str) -> str:
    return files("benchsuite.report.page").joinpath(name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """By which a Content-Security-Policy allows one script (CSP level 3, section 8.3)."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _overview(source: Source) -> Overview:
    entries = source.entries
    groups = [
        Group(name, leaderboard(rows, f"Leaderboard: {name}"), plots_of(source.of(rows.records)))
        for name, rows in named_groups(source.records)
    ]
    pairs, proven = backend_against_backend(entries), certificates(source.certificates)
    return Overview(groups, verdict_table(entries), pairs, proven, failures(entries))


def _facts(source: Source) -> dict[str, Any]:
    """What the template says in words."""
    records, named = source.records, named_groups(source.records)
    groups = [group for _, group in named]
    backends = sorted({record.case.backend for record in records})
    apart = differing(groups)
    known = [name for name, value in groups[0].setting.items() if value is not None]
    shared = [name for name in known if name not in apart]
    return {
        "version": __version__,
        "title": f"benchsuite: {', '.join(source.runs)}",
        "statuses": Counter(record.status for record in records).most_common(),
        "began": min(record.started for record in records),
        "ended": max(record.ended for record in records),
        "protocols": [describe_protocol(name) for name in _each(records, "protocol")],
        "hardware": hardware(records),
        "backends": backends,
        "architectures": _each(records, "architecture"),
        "versions": [(name, _versions(records, name)) for name in backends],
        "shared": [f"{name} {value}" for name, value in groups[0].said(shared).items()],
        "apart": list(groups[0].said(apart)),
        "groups": [name for name, _ in named],
        "ledger": ledger(records, backends),
        "runs": [(name, _run(facts)) for name, facts in source.runs.items()],
    }


def _each(records: Sequence[Record], field: str) -> list[str]:
    """What the cases say in a field, each once."""
    return list(dict.fromkeys(getattr(record.case, field) for record in records))


def _versions(records: Sequence[Record], backend: str) -> str:
    own = (spoken(r.findings.versions) for r in records if r.case.backend == backend)
    return "; ".join(dict.fromkeys(filter(None, own)))


def _run(facts: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """The parts of `run.json`, as names and texts; what is not known is left out."""
    parts = {name: part for name, part in facts.items() if isinstance(part, dict)}
    environment = parts.get("environment", {})
    packages = environment.get("packages")
    if isinstance(packages, dict):
        parts["packages"] = packages
    return {
        name: [
            (key.replace("_", " "), _text(value))
            for key, value in part.items()
            if value not in (None, "", [], {}) and value is not packages
        ]
        for name, part in parts.items()
    }


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(part)}" for key, part in value.items())
    return str(value)
