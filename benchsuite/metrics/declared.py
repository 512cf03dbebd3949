"""Every quantity that benchsuite measures, declared once.

All else is derived from here: how samples become figures, the leaderboard's columns, their
headers, units and aliases, the axes of plots, and of which figures there are verdicts. To measure
a further one, declare it here and yield its series in the worker; a plugin declares its own with
the hook `benchsuite_probes`.
"""

from functools import partial

from benchsuite.contract.quantity import Scale
from benchsuite.metrics.declaration import Declaration, Declarations

#: Half-widths of intervals that are narrow enough: of a figure, and of a tail's percentile.
PRECISION, P90_PRECISION, P99_PRECISION = 0.02, 0.05, 0.10
_time = partial(Declaration, unit="s", better="lower")
_tail = partial(_time, summary="tail", source="latency")
#: What takes seconds, and happens once a process.
_startup = partial(_time, scale=Scale("s"))
_part = partial(_time, batch="training", summary="part")
_rate = partial(Declaration, unit="images/s", better="higher", summary="rate")
_throughput = partial(_rate, precision=PRECISION, headline=True, contested=True)
_drawn = partial(Declaration, better="lower", precision=PRECISION, interval=False)
_share = partial(Declaration, unit="fraction", better="higher")
#: What each process has one value of, which is shown without an interval.
_memory = partial(
    Declaration, unit="bytes", better="lower", batch="none", summary="maximum", interval=False
)

LATENCY = _time(
    name="latency",
    help="forward pass of one image: median of the processes' medians",
    precision=PRECISION,
    column="latency_batch1_p50{}_s",
    alias="latency",
    importance=20,
    headline=True,
    contested=True,
)
LATENCY_P90 = _tail(
    name="latency_p90",
    help="90th percentile of a process's calls: median of the processes",
    precision=P90_PRECISION,
    column="latency_batch1_p90{}_s",
    alias="p90",
    importance=90,
    share=0.90,
)
LATENCY_P99 = _tail(
    name="latency_p99",
    help="99th percentile of a process's calls: median of the processes",
    precision=P99_PRECISION,
    column="latency_batch1_p99{}_s",
    alias="p99",
    importance=100,
    share=0.99,
)
HOST_LATENCY = _time(
    name="latency_host",
    label="latency from the host",
    short="from host",
    help="the same median from an image on the host to logits on the host",
    precision=PRECISION,
    column="latency_host_batch1_p50{}_s",
    importance=110,
)
_host_tail = partial(_tail, source="latency_host")
HOST_LATENCY_P90 = _host_tail(
    name="latency_host_p90", label="from host p90", precision=P90_PRECISION, share=0.90
)
HOST_LATENCY_P99 = _host_tail(
    name="latency_host_p99", label="from host p99", precision=P99_PRECISION, share=0.99
)
IMPORT = _startup(
    name="import",
    help="from the interpreter's start to the framework's import; empty for a forked process",
    column="import{}_s",
)
BUILD = _startup(
    name="build", help="drawing the weights and building the network", column="build{}_s"
)
FIRST_CALL = _startup(
    name="first_call",
    help="the very first forward pass, compilation included",
    summary="first",
    column="first_call{}_s",
    alias="first_call",
    importance=210,
    source="latency",
)
FIRST_TRAINING_STEP = _startup(
    name="first_training_step",
    short="first step",
    help="the very first training step, compilation included",
    batch="training",
    summary="first",
    column="first_training_step{}_s",
    importance=220,
    source="training_throughput",
)
INFERENCE = _throughput(
    name="inference_throughput",
    short="inference",
    help="forward passes on resident data",
    batch="inference",
    column="inference_throughput{}_images_per_s",
    alias="throughput",
    importance=30,
)
#: Throughput over doubling batches, each sampled briefly in one process.
SWEEP = _rate(name="batch_sweep", batch="inference")
TRAINING = _throughput(
    name="training_throughput",
    short="training",
    help="training steps on resident data",
    batch="training",
    column="training_throughput{}_images_per_s",
    alias="training",
    importance=40,
)
FORWARD = _part(
    name="training_forward",
    short="forward",
    help="part of a training step up to the loss",
    column="training_forward{}_s",
    importance=180,
)
BACKWARD = _part(
    name="training_backward",
    short="backward",
    help="part from the loss to all gradients: a difference of two programs",
    column="training_backward{}_s",
    importance=190,
    less="training_forward",
)
UPDATE = _part(
    name="training_update",
    short="update",
    help="part from the gradients to the end: a difference of two programs",
    column="training_update{}_s",
    importance=200,
    source="training_throughput",
    less="training_backward",
)
HOST_MEMORY = _memory(
    name="host_memory_peak",
    short="host",
    help="largest resident set while the network is built and called at batch 1",
    column="host_memory_peak{}_bytes",
    alias="memory",
    importance=60,
    headline=True,
)
HOST_MEMORY_ABOVE_IMPORT = _memory(
    name="host_memory_above_import",
    short="above import",
    help="the same, less what the process held before the network was built",
    column="host_memory_above_import{}_bytes",
    importance=230,
)
DEVICE_MEMORY = _memory(
    name="device_memory_peak",
    short="device",
    help="largest allocation on the device, in the same calls",
    column="device_memory_peak{}_bytes",
    alias="device_memory",
    importance=50,
    headline=True,
)
DEVICE_MEMORY_RESERVED = _memory(
    name="device_memory_reserved",
    short="reserved",
    help="the most memory that the framework's allocator took from the driver",
    column="device_memory_reserved{}_bytes",
    importance=240,
)
DEVICE_MEMORY_DRIVER = _memory(
    name="device_memory_driver",
    short="driver",
    help="the process's memory by the driver's count, after the same calls",
    column="device_memory_driver{}_bytes",
    importance=250,
)
ENERGY = _drawn(
    name="energy_per_image",
    unit="J/image",
    short="energy",
    help="energy of the device, by its own counter, in forward passes of inference_batch_size",
    batch="inference",
    summary="energy",
    column="energy_per_image{}_j",
    alias="energy",
    importance=260,
)
IDLE_POWER = _drawn(
    name="idle_power",
    unit="W",
    short="idle",
    help="power of the idle device with the network in place, by the same counter",
    summary="power",
    column="idle_power{}_w",
    importance=270,
)
#: The same work in every process, whatever is compared: of the machine alone.
ANCHOR = _time(name="anchor")
TOP1 = _share(
    name="top1_fraction",
    label="accuracy (top 1)",
    short="top-1",
    help="accuracy",
    alias="top1",
    headline=True,
)
TOP5 = _share(
    name="top5_fraction",
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

#: In the order of the leaderboard's columns.
METRICS = Declarations(
    *(LATENCY, LATENCY_P90, LATENCY_P99, HOST_LATENCY, HOST_LATENCY_P90, HOST_LATENCY_P99),
    *(IMPORT, BUILD, FIRST_CALL, FIRST_TRAINING_STEP, INFERENCE, SWEEP, TRAINING),
    *(FORWARD, BACKWARD, UPDATE, HOST_MEMORY, HOST_MEMORY_ABOVE_IMPORT),
    *(DEVICE_MEMORY, DEVICE_MEMORY_RESERVED, DEVICE_MEMORY_DRIVER, ENERGY, IDLE_POWER, ANCHOR),
)
#: Figures of quality that every run reports, on the core's own splits.
QUALITY = Declarations(TOP1, TOP5, LOSS)
#: Figures of which every pair of rows gets a verdict.
CONTESTED = tuple(metric.name for metric in METRICS.values() if metric.contested)
