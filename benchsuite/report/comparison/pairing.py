"""Which rows are compared with which: pairs, and what has no partner."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from benchsuite.errors import UsageError, did_you_mean
from benchsuite.records import Role, fields_with
from benchsuite.report.columns.column import Value
from benchsuite.report.comparison.rows import Row, identities

#: Trainings that differ in these alone repeat each other.
REPEATS = fields_with(Role.REPEAT)


@dataclass(frozen=True, eq=False, slots=True)
class Pair:
    """Two rows that agree in everything but what is compared; the first is the baseline.

    axis: what that is, where it is a field of the case; empty where it is the run.
    network: what the pair has in common with others that differ in seed or fold alone.
    """

    first: Row
    second: Row
    axis: str = ""
    network: Hashable = None


@dataclass(frozen=True, slots=True)
class Pairing:
    """Every row of both sides, once or, where it is the baseline of several, more often."""

    pairs: list[Pair] = field(default_factory=list)
    only_first: list[Row] = field(default_factory=list)
    only_second: list[Row] = field(default_factory=list)


def pair_sides(first: Sequence[Row], second: Sequence[Row]) -> Pairing:
    """Pair two runs, case by case. Raises UsageError where a side has a case twice."""
    keys, networks = identities((first, second)), identities((first, second), REPEATS)
    own, other = (
        _unique(side, of_side, name)
        for side, of_side, name in zip((first, second), keys, "AB", strict=True)
    )
    shared = dict(zip(keys[0], networks[0], strict=True))
    return Pairing(
        [Pair(row, other[key], "", shared[key]) for key, row in own.items() if key in other],
        [row for key, row in own.items() if key not in other],
        [row for key, row in other.items() if key not in own],
    )


def pair_within(rows: Sequence[Row], axis: str, baseline: str | None = None) -> Pairing:
    """Pair the baseline's row of each case with the rows that differ in that axis alone.

    The baseline is the first value there is, where none is named. Raises UsageError where no row
    has it.
    """
    values = [str(row.cell(axis)) for row in rows]
    chosen = values[0] if baseline is None else baseline
    if chosen not in values:
        found = ", ".join(sorted(set(values)))
        raise UsageError(
            f"no row has the {axis} '{chosen}'.{did_you_mean(chosen, values)} There are: {found}"
        )
    keys, networks = identities((rows,), (axis,))[0], identities((rows,), (axis, *REPEATS))[0]
    groups: dict[tuple[Value, Hashable], list[int]] = {}
    for index, (row, key) in enumerate(zip(rows, keys, strict=True)):
        groups.setdefault((row.cell("run"), key), []).append(index)
    pairing = Pairing()
    for (run, _), members in groups.items():
        own = [index for index in members if values[index] == chosen]
        others = [index for index in members if values[index] != chosen]
        _unique([rows[index] for index in members], [values[i] for i in members], "the run")
        pairing.pairs.extend(
            Pair(rows[a], rows[b], axis, (run, values[b], networks[b])) for a in own for b in others
        )
        if not own or not others:
            (pairing.only_second if others else pairing.only_first).extend(
                rows[index] for index in members
            )
    return pairing


def _unique(rows: Sequence[Row], keys: Sequence[Hashable], side: str) -> Mapping[Hashable, Row]:
    found: dict[Hashable, Row] = {}
    for row, key in zip(rows, keys, strict=True):
        if key in found:
            runs = f"'{found[key].cell('run')}' and '{row.cell('run')}'"
            raise UsageError(
                f"{side} has {row.cell('architecture')} on {row.cell('backend')} twice (runs "
                f"{runs}), and nothing tells them apart: name the folder of one run"
            )
        found[key] = row
    return found
