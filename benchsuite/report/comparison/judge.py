"""Verdicts on pairs of rows: better, worse, same, or why there is none."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import methodcaller
from statistics import mean

from benchsuite.measure.statistics.verdicts import standing, verdict_of
from benchsuite.metrics.declared import ANCHOR
from benchsuite.report.columns.column import Column
from benchsuite.report.comparison import incomparability
from benchsuite.report.comparison.change import Answer, Change, Finding, is_ratio
from benchsuite.report.comparison.changes import Figures, mean_change, quality_change, speed_changes
from benchsuite.report.comparison.pairing import Pair


@dataclass(frozen=True, eq=False, slots=True)
class _Question:
    """One figure that may be compared, of one pair, or of several that differ in seed alone.

    first, second: the figure of either side, or its mean.
    """

    pairs: Sequence[Pair]
    column: Column
    first: float
    second: float

    @property
    def seeds(self) -> str:
        """Of which it is the mean; empty of one pair."""
        found = ", ".join(str(pair.first.cell("seed")) for pair in self.pairs)
        return found if len(self.pairs) > 1 else ""


def judge(pairs: Sequence[Pair], columns: Sequence[Column]) -> list[Finding]:
    """Every figure of every pair, as one family: differences must stand Holm's correction.

    What cannot be compared is there too, with its reason; a figure that neither row has is not.
    Raises UsageError where a file of predictions is none of ours.
    """
    settled, single = _sift(pairs, columns)
    several = list(_over_seeds(single))
    # figures of speed that processes repeat
    contested = [
        question
        for question in single
        if question.column.measured and not incomparability.indication(question.pairs[0])
    ]
    figures = _measured(contested)
    changes = dict(zip(map(id, contested), speed_changes(figures), strict=True))
    answered = [(q, changes.get(id(q)) or _change(q)) for q in (*single, *several)]
    place = {id(pair): index for index, pair in enumerate(pairs)}
    found = [*settled, *_decided(answered)]
    return sorted(found, key=lambda finding: place[id(finding.pair)])


def _sift(
    pairs: Sequence[Pair], columns: Sequence[Column]
) -> tuple[list[Finding], list[_Question]]:
    """What cannot be compared, and what can."""
    terms = {column.name: incomparability.terms_of(column) for column in columns}
    names = list(dict.fromkeys(name for own in terms.values() for name in own))
    settled: list[Finding] = []
    questions: list[_Question] = []
    for pair in pairs:
        if status := incomparability.of_status(pair):
            settled.append(Finding(pair, None, "not comparable", status))
            continue
        differing = incomparability.differing(pair, names)
        for column in columns:
            first, second = pair.first.cell(column.name), pair.second.cell(column.name)
            if first is None and second is None:
                continue
            one, other = (x if isinstance(x, int | float) else None for x in (first, second))
            reason = next((differing[name] for name in terms[column.name] if name in differing), "")
            reason = reason or incomparability.of_figure(pair, column)
            if reason or one is None or other is None:
                settled.append(Finding(pair, column, "not comparable", reason, one, other))
            else:
                questions.append(_Question((pair,), column, one, other))
    return settled, questions


def _over_seeds(questions: Sequence[_Question]) -> Iterator[_Question]:
    """Of figures of quality, all pairs that differ in seed or fold alone, two or more."""
    groups: dict[tuple[str, Hashable], list[_Question]] = {}
    for question in questions:
        # Of speed the replicate is the process: the seed changes nothing that is timed.
        if not is_ratio(question.column):
            key = (question.column.name, question.pairs[0].network)
            groups.setdefault(key, []).append(question)
    for members in groups.values():
        if len(members) > 1:
            yield _Question(
                [pair for question in members for pair in question.pairs],
                members[0].column,
                mean(question.first for question in members),
                mean(question.second for question in members),
            )


def _measured(questions: Sequence[_Question]) -> list[Figures]:
    # A row is asked once for its anchor, however many figures and partners it has.
    anchor = cache(methodcaller("measurement", ANCHOR.name))
    found = []
    for question in questions:
        (pair,), column = question.pairs, question.column
        first, second = pair.first.measured(column), pair.second.measured(column)
        if first and second:
            known = (anchor(pair.first), anchor(pair.second))
            found.append(Figures(first, second, *known, same_run=bool(pair.axis)))
    return found


def _change(question: _Question) -> Change:
    """Of figures of quality, and of those that no process repeats."""
    pair, column = question.pairs[0], question.column
    if len(question.pairs) > 1:
        return mean_change(column, question.pairs)
    if not is_ratio(column):
        return quality_change(pair, column, question.first, question.second)
    how = incomparability.indication(pair) if column.measured else "one value each"
    return Change(None, None, 0.0, how)


def _decided(answered: Sequence[tuple[_Question, Change]]) -> Iterator[Finding]:
    tested = [change.p_value for _, change in answered if change.p_value is not None]
    stand = iter(standing(tested))
    for question, change in answered:
        stands = change.p_value is not None and next(stand)
        answer, how = _answer(question.column, change, len(tested), stands=stands)
        first, second = question.first, question.second
        estimate = change.estimate
        yield Finding(
            question.pairs[0],
            question.column,
            answer,
            how,
            first,
            second,
            change=estimate.value if estimate else _plain(question.column, first, second),
            low=estimate.low if estimate else None,
            high=estimate.high if estimate else None,
            p_value=change.p_value,
            seeds=question.seeds,
            of_seed=change.of_seed,
        )


def _plain(column: Column, first: float, second: float) -> float | None:
    """The ratio or the difference of two figures, as they are."""
    if not is_ratio(column):
        return second - first
    return second / first if first else None


def _answer(column: Column, change: Change, family: int, *, stands: bool) -> tuple[Answer, str]:
    """The verdict, and what it rests on."""
    if change.estimate is None or change.p_value is None:
        return "indicative", change.how
    if change.flag:
        return "inconclusive", f"{change.how}, {change.flag}"
    none = 1.0 if is_ratio(column) else 0.0
    verdict = verdict_of(change.estimate, change.margin, none)
    if verdict == "equivalent":
        return "same", change.how
    if verdict == "inconclusive":
        return "inconclusive", change.how
    if not stands:
        return "inconclusive", f"{change.how}; may be chance among {family} (Holm)"
    rises = change.estimate.value > none
    return "better" if rises == (column.better == "higher") else "worse", change.how
