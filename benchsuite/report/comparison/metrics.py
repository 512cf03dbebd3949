"""The names of what is compared: short ones, and those of the leaderboard's columns."""

from collections.abc import Iterable, Mapping, Sequence

from benchsuite.errors import UsageError, did_you_mean
from benchsuite.metrics import CONTESTED, METRICS
from benchsuite.metrics.declared import TOP1
from benchsuite.report.columns.column import Column
from benchsuite.report.columns.columns import COLUMNS
from benchsuite.report.columns.speed_columns import undeclared_columns
from benchsuite.report.comparison.rows import RecordRow, Row

_COMPARABLE = {column.name: column for column in COLUMNS if column.better}
SHORT: Mapping[str, str] = {c.alias: name for name, c in _COMPARABLE.items() if c.alias}
DEFAULT = (*(METRICS[name].alias for name in CONTESTED), TOP1.alias)


def metric_named(name: str, rows: Iterable[Row] = ()) -> Column:
    """A column, or a probe's in these rows. Raises UsageError where none has a better end."""
    wanted = SHORT.get(name, name)
    if wanted in _COMPARABLE:
        return _COMPARABLE[wanted]
    records = (row.record for row in rows if isinstance(row, RecordRow))
    probes = [column for column in undeclared_columns(records) if column.better]
    found = next((column for column in probes if name in (column.alias, column.name)), None)
    if found is None:
        names = [*SHORT, *(column.alias for column in probes)]
        hint = did_you_mean(name, [*names, *_COMPARABLE])
        raise UsageError(
            f"'{name}' is not a metric that can be compared.{hint} There are: {', '.join(names)}, "
            "and the columns of docs/reference/leaderboard.md that have a better end"
        )
    return found


def metrics_named(names: Sequence[str], rows: Sequence[Row] = ()) -> list[Column]:
    """Their columns, each once."""
    return list({c.name: c for c in (metric_named(name, rows) for name in names)}.values())
