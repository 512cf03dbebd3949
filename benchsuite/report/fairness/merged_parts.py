"""In what the parts of a merged run differ, and what that means for their rows."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

from benchsuite.records import Stored
from benchsuite.records.merge import MergePart
from benchsuite.records.versions import version_of
from benchsuite.report.columns.column import Column, Value
from benchsuite.report.columns.columns import COLUMNS
from benchsuite.report.columns.conditions import SETTING

_Read = Callable[[Stored], Value]

#: Of a row, besides what no ranking mixes.
_PROVENANCE: Mapping[str, _Read] = {
    "benchsuite_version": lambda stored: stored.record.benchsuite_version,
    "schema": lambda stored: version_of(stored.path.read_bytes()),
    "host": lambda stored: stored.environment().get("host"),
    "cpu": lambda stored: stored.environment().get("cpu"),
}


#: Of what no ranking mixes, those that one run has many of: the more networks, the more.
_BY_NETWORK = ("training input", "data")


def differences(parts: Sequence[MergePart]) -> list[str]:
    """A line for each thing in which the parts differ, though a comparison should share it."""
    lines = {one.name: _setting(one, parts) for one in SETTING if one.name not in _BY_NETWORK}
    apart = {name: line for name, line in lines.items() if line}
    never = [f"never ranked together: rows that differ in {', '.join(apart)}"] if apart else []
    facts = (_values_line(name, read, parts) for name, read in _PROVENANCE.items())
    return [*filter(None, facts), *apart.values(), *_contradictions(parts), *never]


def _setting(column: Column, parts: Sequence[MergePart]) -> str:
    return _values_line(column.name, lambda stored: column.read(stored.record), parts)


def _values_line(name: str, read: _Read, parts: Sequence[MergePart]) -> str:
    """Such as `cpu: AMD EPYC in one; Xeon in two`; empty where all parts have the same values."""
    found = {}
    for part in parts:
        values = {value for stored in part.stored if (value := read(stored)) is not None}
        if values:
            found[part.name] = ", ".join(sorted(map(str, values)))
    if len(set(found.values())) < 2:  # noqa: PLR2004 - it takes two to differ
        return ""
    return f"{name}: {'; '.join(f'{values} in {part}' for part, values in found.items())}"


_DATA = ("dataset", "limit", "bad_images", "train_input_shape")
_TRAINED = ("architecture", "train_input_shape", "dataset")
#: By column: the fields of a case that it should be the same for, and these in words.
_SHARED: Mapping[str, tuple[Sequence[str], str]] = {
    "data_digest": (_DATA, "the same data set"),
    "split_digest": ((*_DATA, "seed", "fold"), "the same data set and seed"),
    "initial_weights_digest": ((*_TRAINED, "seed"), "the same network and seed"),
    "fingerprint": (
        ("architecture", "input_shape", "num_classes"),
        "the same architecture and size",
    ),
    "train_fingerprint": (_TRAINED, "the same architecture and size"),
}


def _contradictions(parts: Sequence[MergePart]) -> Iterator[str]:
    """Digests that differ between parts where they must not."""
    for column in COLUMNS:
        if column.name in _SHARED:
            fields, words = _SHARED[column.name]
            found: dict[Hashable, dict[Value, list[Stored]]] = {}
            for stored in (stored for part in parts for stored in part.stored):
                value = column.read(stored.record)
                if value is not None:
                    alike = found.setdefault(stored.record.case.values(fields), {})
                    alike.setdefault(value, []).append(stored)
            wrong = [held for held in found.values() if len(held) > 1]
            if wrong:
                one, other, *_ = (stored[0].record.case.id for stored in wrong[0].values())
                yield f"{column.name}: differs for {words}, as in {one} and {other}"
