"""Which rows one ranking may hold, and by what the others differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchsuite.errors import UsageError
from benchsuite.records import Record
from benchsuite.report.columns.column import Value
from benchsuite.report.columns.conditions import FOUND_OUT, SETTING


@dataclass(frozen=True, eq=False)
class FairGroup:
    """Rows that a fair ranking may mix, and what they have in common: condition -> value."""

    records: Sequence[Record]
    setting: Mapping[str, Value]

    def said(self, conditions: Iterable[str]) -> dict[str, str]:
        """What it has in these conditions, in words."""
        values = {name: self.setting[name] for name in conditions}
        return {
            name.replace("_", " "): "none" if value is None else " ".join(str(value).split())
            for name, value in values.items()
        }


def fair_groups(records: Iterable[Record]) -> list[FairGroup]:
    """The records, parted by their setting, in the order of the first of each."""
    known = list(records)
    settings = [tuple(column.read(record) for column in SETTING) for record in known]
    groups: dict[tuple[Value, ...], list[int]] = {}
    # Rows that ended before all was known come last, and join the first group they could be of.
    for place in sorted(range(len(known)), key=lambda place: _unknown(settings[place])):
        own = settings[place]
        fitting = own if _unknown(own) == 0 else _first_like(own, groups)
        groups.setdefault(fitting, []).append(place)
    names = [column.name for column in SETTING]
    ordered = sorted((sorted(places), setting) for setting, places in groups.items())
    return [
        FairGroup([known[place] for place in places], dict(zip(names, setting, strict=True)))
        for places, setting in ordered
    ]


def differing(groups: Sequence[FairGroup]) -> list[str]:
    """The conditions that keep them apart."""
    names = (column.name for column in SETTING)
    return [name for name in names if len({group.setting[name] for group in groups}) > 1]


def require_one(groups: Sequence[FairGroup]) -> None:
    """Raise UsageError, with what they differ in, where there are several groups."""
    if len(groups) < 2:  # noqa: PLR2004 - one is apart from nothing
        return
    said = [group.said(differing(groups)) for group in groups]
    found = {name: ", ".join(dict.fromkeys(one[name] for one in said)) for name in said[0]}
    raise UsageError(
        "--strict-fair: no fair ranking mixes these rows, which differ in "
        f"{'; '.join(f'{name} ({values})' for name, values in found.items())}: "
        "choose some of them with --where"
    )


def _unknown(setting: Sequence[Value]) -> int:
    """How many of what is only found out while running is not known."""
    pairs = zip(SETTING, setting, strict=True)
    return sum(value is None for column, value in pairs if column.name in FOUND_OUT)


def _first_like(own: tuple[Value, ...], groups: Iterable[tuple[Value, ...]]) -> tuple[Value, ...]:
    """The first group's setting that what is known agrees with, or its own."""

    def is_like(other: tuple[Value, ...]) -> bool:
        return all(
            a == b or (a is None and column.name in FOUND_OUT)
            for column, a, b in zip(SETTING, own, other, strict=True)
        )

    return next((setting for setting in groups if is_like(setting)), own)
