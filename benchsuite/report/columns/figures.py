"""How the leaderboard's columns are shown to people: units, digits and headers."""

from collections.abc import Iterable, Sequence

from benchsuite.measure.flags import DOUBTFUL
from benchsuite.records import Measurement, Record
from benchsuite.report.columns.column import Column, Figure
from benchsuite.report.columns.quantities import extents, plus_minus, scaled

_DOUBTFUL = "~"
_QUALITY = ("test_", "validation_")


def figures_for(columns: Iterable[Column]) -> list[Column]:
    """Those that people see as figures, in order of importance; those of plugins come last."""
    figures = [column for column in columns if column.figure]
    return sorted(figures, key=lambda column: column.shown.importance)


def show_figure(column: Column, record: Record) -> str:
    """A cell; blank where nothing was measured."""
    value = column.read(record)
    if not isinstance(value, (int, float)):
        return ""
    if figure_of_speed := column.measurement(record):
        return _with_interval(column.shown, figure_of_speed)
    # A network too large for the budget is trained smaller: what depends on that names the size.
    trained, measured = record.case.train_input_shape, record.case.input_shape
    of_training = column.name.startswith(_QUALITY) or column.times_training
    size = f" @{extents(trained[:2])}" if of_training and trained != measured else ""
    mark = _DOUBTFUL if doubts(column, record) else ""
    return f"{mark}{column.shown.show(value)}{size}"


def doubts(column: Column, record: Record) -> list[str]:
    """The flags of a figure that keep it from being the best."""
    return [flag for flag in column.flags(record) if flag in DOUBTFUL]


def _with_interval(figure: Figure, measured: Measurement) -> str:
    """Such as `1.93 ±0.02`, in the digits that the interval supports; `~` where it is doubtful."""
    mark = "" if DOUBTFUL.isdisjoint(measured.flags) else _DOUBTFUL
    if measured.value is None:
        return ""
    if measured.low is None or measured.high is None:
        return f"{mark}{figure.show(measured.value)}"
    half = (measured.high - measured.low) / 2
    return f"{mark}{plus_minus(measured.value * figure.factor, half * figure.factor)}"


def show_networks(records: Sequence[Record]) -> str:
    """Input, classes, size and batches of the networks in a section, each once."""
    sizes: dict[tuple[str, str], str] = {}
    for record in records:
        case, size = record.case, record.findings.size
        key = (
            f"{extents(case.input_shape)} → {case.num_classes}",
            f"batch {case.inference_batch_size}/{case.training_batch_size}",
        )
        known = f"{scaled(size.parameters)} parameters · {scaled(size.macs)} MACs" if size else ""
        sizes[key] = sizes.get(key) or known
    return "; ".join(
        " · ".join(filter(None, (network, size, batches)))
        for (network, batches), size in sizes.items()
    )
