"""Markdown for a pull request: the short table, and everything else folded away."""

from collections.abc import Sequence

from benchsuite.records import Record, Stored
from benchsuite.report.leaderboard.formats import markdown
from benchsuite.report.leaderboard.markdown import escaped
from benchsuite.report.leaderboard.rows import columns_of
from benchsuite.report.leaderboard.view import view_of

#: Of `run.json`, as docs/reference/records.md names them.
_FACTS = ("commit", "cpu", "physical_cores", "gpus", "python", "platform")


def export(cases: Sequence[Stored]) -> str:
    """A comment: figures with half of their 95 % intervals, where they have one."""
    records = [stored.record for stored in cases]
    runs = ", ".join(escaped(run) for run in dict.fromkeys(record.run for record in records))
    wrong = sum(record.status != "ok" for record in records)
    parts = [
        f"### benchsuite: {len(records)} cases of {runs}",
        f"**{wrong} of them not ok**" if wrong else "",
        figures(records, wide=False),
        _folded("Every figure", figures(records, wide=True)),
        _folded("Environment", _environment(cases)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _environment(cases: Sequence[Stored]) -> str:
    """What is known of each run's machine and software, in the order of the first case of each."""
    from tabulate import tabulate

    runs: dict[str, list[Stored]] = {}
    for stored in cases:
        runs.setdefault(stored.record.run, []).append(stored)
    known = ({"run": run, **_facts(held)} for run, held in runs.items())
    rows = [{name: escaped(fact) for name, fact in row.items()} for row in known]
    text: str = tabulate(rows, headers="keys", tablefmt="github", disable_numparse=True)
    return text


def _facts(held: Sequence[Stored]) -> dict[str, str]:
    known = held[0].environment()
    told = {name: _shown(known.get(name)) for name in _FACTS}
    versions = (stored.record.findings.versions for stored in held)
    joined = {name: version for one in versions for name, version in one.items()}
    shown = ", ".join(f"{name} {version}" for name, version in sorted(joined.items()))
    return {"benchsuite": held[0].record.benchsuite_version, **told, "versions": shown}


def _shown(fact: object) -> str:
    if isinstance(fact, list):
        return ", ".join(str(gpu.get("name")) for gpu in fact)
    return "" if fact is None else str(fact)


def _folded(title: str, content: str) -> str:
    """Shown when it is clicked; GitHub wants blank lines around Markdown within HTML."""
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"


def figures(records: Sequence[Record], *, wide: bool) -> str:
    """A table for each fair ranking, with what its marks mean; failures have their reasons."""
    text = markdown(records, view_of(columns_of(records)), wide=wide).decode().strip()
    # GitHub's limit is 65,536 characters: only tables, where spaces mean nothing, lose theirs.
    lines = (" ".join(x.split()) if x.startswith("|") else x for x in text.splitlines())
    return "\n".join(lines)
