"""What a comparison must not find, such as `throughput<-5%`: a gate for pull requests."""

import re
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchsuite.errors import UsageError
from benchsuite.report.columns.column import Column
from benchsuite.report.comparison.change import Finding, is_ratio
from benchsuite.report.comparison.metrics import metric_named
from benchsuite.report.comparison.rows import Row

_FORM = re.compile(r"\s*(\w+)\s*([<>])\s*([+-]?\d+(?:\.\d+)?)\s*(%?)\s*")
#: Answers of a comparison that could also have found a difference.
_DECIDED = frozenset({"better", "worse", "same", "inconclusive"})


@dataclass(frozen=True, slots=True)
class Condition:
    """A change of B against A that fails: beyond the threshold, and no chance.

    threshold: a share of A's figure, such as -0.05; of fractions and losses the difference.
    """

    text: str
    column: Column
    falls: bool
    threshold: float

    def is_met(self, finding: Finding) -> bool:
        """Whether a finding is beyond the threshold, with a verdict that says so."""
        # A gate that fails without evidence is soon removed: `inconclusive` never fails.
        if finding.column != self.column or finding.answer not in ("better", "worse"):
            return False
        change = (finding.change or 0.0) - (1.0 if finding.is_ratio else 0.0)
        return change < self.threshold if self.falls else change > self.threshold


def parse_condition(text: str, rows: Iterable[Row] = ()) -> Condition:
    """Of `latency>+5%`, or of a probe that rows have. Raises UsageError for anything else."""
    parts = _FORM.fullmatch(text)
    if parts is None:
        raise UsageError(
            f"'{text}' is not a condition: write a metric, < or >, and a change, as in "
            "'throughput<-5%' or 'top1<-0.01'"
        )
    name, sign, number, percent = parts.groups()
    column = metric_named(name, rows)
    if is_ratio(column) != bool(percent):
        example = f"{name}{sign}-5%" if is_ratio(column) else f"{name}{sign}-0.01"
        kind = "relative, in %" if is_ratio(column) else "a difference, without %"
        raise UsageError(f"'{text}': a change of {name} is {kind}, as in '{example}'")
    return Condition(text, column, sign == "<", float(number) / (100 if percent else 1))


def regressions(findings: Sequence[Finding], conditions: Sequence[Condition]) -> list[Finding]:
    """What meets a condition, and what ran in A and did not in B.

    Where several seeds say what a change of quality is, a single one of them meets none: another
    seed of the same code is found better or worse often enough.
    """
    averaged = {(f.column, f.pair.network) for f in findings if f.seeds}
    return [
        finding for finding in findings if _ended(finding) or _fails(finding, conditions, averaged)
    ]


def _fails(
    finding: Finding,
    conditions: Sequence[Condition],
    averaged: Collection[tuple[Column | None, Hashable]],
) -> bool:
    if finding.of_seed and (finding.column, finding.pair.network) in averaged:
        return False
    return any(condition.is_met(finding) for condition in conditions)


def undecided(findings: Sequence[Finding], conditions: Sequence[Condition]) -> Iterator[str]:
    """Conditions that nothing here could have met, and why: such a gate would always be open."""
    for condition in conditions:
        asked = [f for f in findings if f.column == condition.column]
        if not any(finding.answer in _DECIDED for finding in asked):
            name = condition.column.alias or condition.column.name
            why = asked[0].how if asked else f"no pair has {name}"
            yield f"'{condition.text}' can decide nothing here: {why}"


def _ended(finding: Finding) -> bool:
    """Whether a case ran in A and did not in B."""
    first, second = finding.pair.first.cell("status"), finding.pair.second.cell("status")
    return first == "ok" != second
