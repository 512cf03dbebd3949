"""A plugin with probes, as somebody else would write it: a timed figure, and some that fail."""

from benchsuite import Target, hookimpl
from benchsuite.contract import Probe, Quantity


def _time_placing(context):
    for batch in context.batches[:2]:
        context.session.place(batch)  # warm up
    for batch in context.batches[: context.calls]:
        yield context.timed(lambda batch=batch: context.session.place(batch))


PLACING = Probe(
    Quantity(
        name="placing",
        unit="s",
        better="lower",
        label="placing a batch",
        batch="training",
    ),
    _time_placing,
)


def _break(context):
    raise RuntimeError("the probe's own fault")


BROKEN = Probe(Quantity(name="broken", unit="W", better="lower", label="broken"), _break)


@hookimpl
def benchsuite_probes():
    return {
        "placing": Target("probes:PLACING", "time that placing a batch takes"),
        "broken": Target("probes:BROKEN", "fails whenever it is called"),
    }
