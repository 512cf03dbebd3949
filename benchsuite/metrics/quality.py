"""The figures of quality that every run reports, declared once."""

from benchsuite.metrics.declaration import Declaration, Declarations

TOP1 = Declaration(
    name="top1_fraction",
    unit="fraction",
    better="higher",
    label="accuracy (top 1)",
    short="top-1",
    help="accuracy",
    alias="top1",
    headline=True,
)
TOP5 = Declaration(
    name="top5_fraction",
    unit="fraction",
    better="higher",
    label="top-5 accuracy",
    short="top-5",
    help="share whose class is among the five likeliest,",
    alias="top5",
)
LOSS = Declaration(
    name="loss_nats",
    unit="nats",
    better="lower",
    label="cross-entropy",
    short="loss",
    help="mean cross-entropy",
    alias="loss",
)
#: Figures of quality, on the core's own splits.
QUALITY = Declarations(TOP1, TOP5, LOSS)
