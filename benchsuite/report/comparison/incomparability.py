"""Why figures of two rows may not be compared, although the rows pair."""

from collections.abc import Iterable

from benchsuite.measure.flags import DISQUALIFYING
from benchsuite.measure.protocol import PROTOCOLS
from benchsuite.metrics import METRICS, QUALITY
from benchsuite.report.columns.column import Column
from benchsuite.report.comparison.pairing import Pair
from benchsuite.report.comparison.rows import Row

_SUBSTANCE = (
    *("data_digest", "split_digest", "order_digest"),
    *("initial_weights_digest", "train_fingerprint"),
)
#: By the start of a figure's name, the columns in which its rows must agree: the first that fits.
_TERMS = (
    # Quality is of what was learnt, and from what, whatever the device and the protocol.
    (("test_", "validation_"), _SUBSTANCE),
    # These take time at the recipe's own batch, whatever is timed besides.
    (("train_", "time_to_", "training_with_", "input_wait_"), ("device_name", *_SUBSTANCE)),
    (
        ("training_", "first_training_"),
        ("device_name", "protocol", "fingerprint", "training_batch_size"),
    ),
    (("inference_", "energy_"), ("device_name", "protocol", "fingerprint", "inference_batch_size")),
    (("",), ("device_name", "protocol", "fingerprint")),
)


def terms_of(column: Column) -> tuple[str, ...]:
    """The columns in which rows must agree for this figure to be compared."""
    if _is_probed(column):
        return _TERMS[-1][1]
    return next(terms for starts, terms in _TERMS if column.name.startswith(starts))


def _is_probed(column: Column) -> bool:
    quantity = column.quantity
    return quantity is not None and quantity.name not in METRICS and quantity.name not in QUALITY


def of_status(pair: Pair) -> str:
    """What ended a row otherwise than well, such as `B failed: out of memory`; else empty."""
    ended = (
        f"{side} {row.cell('status')}: {row.cell('reason')}"
        for side, row in (("A", pair.first), ("B", pair.second))
        if row.cell("status") != "ok"
    )
    return "; ".join(ended)


def differing(pair: Pair, names: Iterable[str]) -> dict[str, str]:
    """The columns of these in which the rows differ, other than by what is compared, and how."""
    found = {}
    for name in names:
        first, second = pair.first.cell(name), pair.second.cell(name)
        if first != second and not (name == "device_name" and pair.axis == "device"):
            is_hash = name.endswith(("_digest", "fingerprint"))
            found[name] = f"other {name}" if is_hash else f"{name}: {first} against {second}"
    return found


def of_figure(pair: Pair, column: Column) -> str:
    """What is wrong with a figure of either row: missing, refused, or flagged; else empty."""
    wrong = (
        f"{side}: {fault}"
        for side, row in (("A", pair.first), ("B", pair.second))
        if (fault := _fault(row, column))
    )
    # Columns have the batch sizes of our own figures alone: a probe's must be asked for theirs.
    return "; ".join(wrong) or (_other_batch(pair, column) if _is_probed(column) else "")


def _other_batch(pair: Pair, column: Column) -> str:
    found = (row.measured(column) for row in (pair.first, pair.second))
    sizes = [one.batch_size for one in found if one and one.batch_size is not None]
    return f"batch {sizes[0]} against {sizes[-1]}" if len(set(sizes)) > 1 else ""


def _fault(row: Row, column: Column) -> str:
    measured = row.measured(column)
    if row.cell(column.name) is None:
        return (measured.refused if measured else "") or "not measured"
    return ", ".join(sorted(DISQUALIFYING.intersection(row.flags(column))))


def indication(pair: Pair) -> str:
    """Of a protocol that gives no verdicts on speed, its name; else empty."""
    name = str(pair.first.cell("protocol"))
    protocol = PROTOCOLS.get(name)
    return "" if protocol and protocol.gives_verdicts else f"{name} gives no verdicts"
