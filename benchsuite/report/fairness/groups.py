"""Which rows one ranking may hold, and by what the others differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchsuite.errors import UsageError
from benchsuite.records import Record
from benchsuite.report.columns.column import Value
from benchsuite.report.columns.columns import COLUMNS
from benchsuite.report.columns.quantities import extents

_TRAIN_INPUT = ("train_input_height_px", "train_input_width_px", "train_input_channels")
#: Rows of one ranking agree in these columns: machine, way of measuring, input pipeline, data.
SETTING = (
    *("device", "device_name", "threads", "process_settings", "isolation"),
    *("division", "tier", "precision", "protocol"),
    *("dataset", "limit", "bad_images", "augmentation"),
    *(*_TRAIN_INPUT, "data_digest"),
)
#: Of a digest, as much as tells it from others.
_DIGITS = 8
_COLUMNS = tuple(column for column in COLUMNS if column.name in SETTING)


@dataclass(frozen=True, eq=False)
class FairGroup:
    """Rows that a fair ranking may mix, and what they have in common: column -> value."""

    records: Sequence[Record]
    setting: Mapping[str, Value]

    def said(self, columns: Iterable[str]) -> dict[str, str]:
        """What it has in these columns, in words; the size of training's images as one."""
        found = {}
        for name in columns:
            if name in _TRAIN_INPUT:
                found["training input"] = extents(self.setting[axis] for axis in _TRAIN_INPUT)
            elif name == "data_digest":
                found["data"] = str(self.setting[name])[:_DIGITS]
            else:
                value = self.setting[name]
                words = "none" if value is None else " ".join(str(value).split())
                found[name.replace("_", " ")] = words
        return found


def fair_groups(records: Iterable[Record]) -> list[FairGroup]:
    """The records, parted by their setting, in the order of the first of each.

    A row that ended before its device's name or its data were known joins the first group from
    which nothing sets it apart.
    """
    known = list(records)
    settings = {id(r): {column.name: column.read(r) for column in _COLUMNS} for r in known}
    groups: dict[tuple[Value, ...], list[int]] = {}
    for record in sorted(known, key=lambda r: _unknown(settings[id(r)])):
        own = tuple(settings[id(record)].values())
        fitting = own if _unknown(settings[id(record)]) == 0 else _first_like(own, groups)
        groups.setdefault(fitting, []).append(id(record))
    home = {member: setting for setting, members in groups.items() for member in members}
    ordered: dict[tuple[Value, ...], list[Record]] = {}
    for record in known:
        ordered.setdefault(home[id(record)], []).append(record)
    names = [column.name for column in _COLUMNS]
    return [
        FairGroup(members, dict(zip(names, setting, strict=True)))
        for setting, members in ordered.items()
    ]


def differing(groups: Sequence[FairGroup]) -> list[str]:
    """The columns that keep them apart."""
    return [name for name in SETTING if len({group.setting[name] for group in groups}) > 1]


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


def _unknown(setting: Mapping[str, Value]) -> int:
    """How many of what is only found out while running is not known."""
    return sum(setting[name] is None for name in ("device_name", "data_digest"))


def _first_like(own: tuple[Value, ...], groups: Iterable[tuple[Value, ...]]) -> tuple[Value, ...]:
    """The first group's setting that what is known agrees with, or its own."""
    found_out = [column.name in ("device_name", "data_digest") for column in _COLUMNS]

    def is_like(other: tuple[Value, ...]) -> bool:
        pairs = zip(own, other, found_out, strict=True)
        return all(a == b or (late and a is None) for a, b, late in pairs)

    return next((setting for setting in groups if is_like(setting)), own)
