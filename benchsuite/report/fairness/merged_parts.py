"""In what the parts of a merged run differ, and what that means for their rows."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

from benchsuite.records import Record, Stored
from benchsuite.records.merge import MergePart
from benchsuite.records.versions import version_of
from benchsuite.report.columns.column import Column, Value
from benchsuite.report.columns.columns import COLUMNS
from benchsuite.report.columns.conditions import SETTING

_Read = Callable[[Stored], Value]
_Key = Callable[[Record], Hashable]

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
    apart = [line for line in map(_settings_line(parts), SETTING) if line]
    settings = [line.partition(":")[0] for line in apart]
    never = [f"never ranked together: rows that differ in {', '.join(settings)}"] if apart else []
    facts = (_values_line(name, read, parts) for name, read in _PROVENANCE.items())
    return [*filter(None, facts), *apart, *_contradictions(parts), *never]


def _settings_line(parts: Sequence[MergePart]) -> Callable[[Column], str]:
    def line(column: Column) -> str:
        if column.name in _BY_NETWORK:
            return ""
        return _values_line(column.name, lambda stored: column.read(stored.record), parts)

    return line


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


def _data_of(record: Record) -> Hashable:
    case = record.case
    return case.dataset, case.limit, case.bad_images, case.train_input_shape


def _split_of(record: Record) -> Hashable:
    return _data_of(record), record.case.seed, record.case.fold


def _trained_of(record: Record) -> Hashable:
    return record.case.architecture, record.case.train_input_shape, record.case.dataset


def _initial_of(record: Record) -> Hashable:
    return _trained_of(record), record.case.seed


def _network_of(record: Record) -> Hashable:
    return record.case.architecture, record.case.input_shape, record.case.num_classes


#: By column: what it should be the same for, and that in words.
_SHARED: Mapping[str, tuple[_Key, str]] = {
    "data_digest": (_data_of, "the same data set"),
    "split_digest": (_split_of, "the same data set and seed"),
    "initial_weights_digest": (_initial_of, "the same network and seed"),
    "fingerprint": (_network_of, "the same architecture and size"),
    "train_fingerprint": (_trained_of, "the same architecture and size"),
}


def _contradictions(parts: Sequence[MergePart]) -> Iterator[str]:
    """Digests that differ between parts where they must not."""
    for column in COLUMNS:
        if column.name in _SHARED:
            key, words = _SHARED[column.name]
            found: dict[Hashable, dict[Value, list[Stored]]] = {}
            for stored in (stored for part in parts for stored in part.stored):
                value = column.read(stored.record)
                if value is not None:
                    found.setdefault(key(stored.record), {}).setdefault(value, []).append(stored)
            wrong = [held for held in found.values() if len(held) > 1]
            if wrong:
                one, other, *_ = (stored[0].record.case.id for stored in wrong[0].values())
                yield f"{column.name}: differs for {words}, as in {one} and {other}"
