import msgspec
import plotly.graph_objects as go
import pytest

from benchsuite.metrics.declared import LATENCY
from benchsuite.records import Measurement
from benchsuite.report.page.backend_pairs import backend_against_backend
from benchsuite.report.page.plot import COLOURS, NEUTRAL, label, labels, looks_of, shown
from benchsuite.report.page.plots import plots_of

IDS = [
    *("accuracy-latency", "latency-distribution", "throughput-batch", "training-curves"),
    *("memory", "one-architecture"),
]


@pytest.fixture
def entries(make_source, make_record, make_series):
    """Two architectures on two backends, with samples."""
    records = [
        make_record(architecture=architecture, backend=backend)
        for architecture in ("lenet5", "mlp")
        for backend in ("torch", "keras-jax")
    ]
    sweep = [make_series(metric="batch_sweep", batch_size=size) for size in (1, 2)]
    return make_source(records, [make_series(), *sweep]).entries


def of(plots, name):
    return next(plot for plot in plots if plot.id == name)


def luminance(colour):
    """Relative (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", [*COLOURS, NEUTRAL])
@pytest.mark.parametrize("ground", ["#ffffff", "#14171a"])
def test_colours_stand_out_from_light_and_dark(colour, ground):
    bright, dark = sorted([luminance(colour), luminance(ground)], reverse=True)

    assert (bright + 0.05) / (dark + 0.05) >= 3


def test_backends_differ_in_more_than_colour():
    looks = looks_of(["a", "b", "c"]).values()

    assert len({look.symbol for look in looks}) == len({look.dash for look in looks}) == 3


def test_every_plot_is_drawn_and_valid_to_plotly(entries):
    plots = [*plots_of(entries), backend_against_backend(entries)]

    assert [plot.id for plot in plots] == [*IDS, "backend-backend"]
    for plot in plots:
        assert plot.views, plot.id
        for view in plot.views:
            assert go.Figure(data=view.data, layout=view.layout).data


def test_plots_of_nothing_say_why(make_source, make_record):
    failed = make_record(status="failed", reason="no", training=None)
    entries = make_source([failed]).entries

    for plot in [*plots_of(entries), backend_against_backend(entries)]:
        assert plot.views == []
        assert plot.absent


def test_accuracy_latency_holds_every_row_and_the_front(make_source, make_record):
    rows = [
        make_record(backend=name, test={"top1_fraction": top1}, samples={"latency": (seconds,)})
        for name, top1, seconds in (("a", 0.9, 0.003), ("b", 0.5, 0.001), ("c", 0.5, 0.002))
    ]
    ((*clouds, front),) = (
        view.data for view in of(plots_of(make_source(rows).entries), "accuracy-latency").views
    )

    assert [(cloud["name"], cloud["x"], cloud["y"]) for cloud in clouds] == [
        ("a", [3.0], [0.9]),
        ("b", [1.0], [0.5]),
        ("c", [2.0], [0.5]),
    ]
    assert (front["x"], front["y"]) == ([1.0, 3.0], [0.5, 0.9])


def test_interval_of_a_latency_is_a_bar_and_a_doubtful_one_hollow(make_source, make_record):
    record = make_record(samples={"latency": (0.001, 0.002, 0.003, 0.004, 0.005, 0.006)})
    flagged = [
        msgspec.structs.replace(m, flags=("drift",) if m.metric == "latency" else ())
        for m in record.findings.measurements
    ]
    findings = msgspec.structs.replace(record.findings, measurements=tuple(flagged))
    source = make_source([msgspec.structs.replace(record, findings=findings)])
    cloud = of(plots_of(source.entries), "accuracy-latency").views[0].data[0]

    assert cloud["error_x"]["array"] == cloud["error_x"]["arrayminus"] == [2.5]
    assert cloud["marker"]["symbol"] == ["circle-open"]


def test_curves_have_a_view_for_each_architecture_and_a_line_for_each_row(entries):
    for name in ("latency-distribution", "throughput-batch", "one-architecture"):
        views = of(plots_of(entries), name).views

        assert [view.name for view in views] == ["lenet5", "mlp"]
        assert [trace["name"] for trace in views[0].data] == ["keras-jax", "torch"]


def test_throughput_prefers_the_figure_to_the_sweep(make_source, make_record, make_series):
    sweep = [make_series("batch_sweep", [10_000_000], size) for size in (1, 64)]
    entries = make_source([make_record()], sweep).entries
    (trace,) = of(plots_of(entries), "throughput-batch").views[0].data

    assert (trace["x"], trace["y"]) == ([1, 64], [100.0, 1000.0])


def test_training_curve_is_of_steps_and_validation_after_epochs(entries):
    loss, validation, *_ = of(plots_of(entries), "training-curves").views[0].data

    assert (loss["x"], loss["y"]) == ([1, 2, 3], [2.5, 2.0, 1.5])
    assert (validation["x"], validation["yaxis"]) == ([2, 3], "y2")


def test_radar_is_in_shares_of_the_best(make_source, make_record):
    rows = [
        make_record(backend="a", samples={"latency": (0.001,)}),
        make_record(backend="b", samples={"latency": (0.004,)}),
    ]
    one, other = of(plots_of(make_source(rows).entries), "one-architecture").views[0].data

    at = one["theta"].index("latency")
    assert (one["r"][at], other["r"][at]) == (1.0, 0.25)
    assert one["theta"][0] == one["theta"][-1]


def test_memory_shows_the_device_hollow(make_source, make_record):
    samples = {"device_memory_peak": (2e8,)}
    host, device = (
        of(plots_of(make_source([make_record(samples=samples)]).entries), "memory").views[0].data
    )

    assert (host["name"], host["x"], host["marker"]["symbol"]) == ("torch, host", [500], ["circle"])
    assert (device["name"], device["x"]) == ("torch, device", [200])
    assert device["marker"]["symbol"] == ["circle-open"]


def test_backends_meet_only_under_the_same_terms(make_source, make_record):
    rows = [
        make_record(backend="a", samples={"latency": (0.001,)}),
        make_record(backend="b", samples={"latency": (0.002,)}),
        make_record(backend="b", tier="compiled", samples={"latency": (0.005,)}),
    ]
    plot = backend_against_backend(make_source(rows).entries)
    equal, cloud = plot.views[0].data

    assert plot.views[0].name == "latency: b against a"
    assert (cloud["x"], cloud["y"]) == ([1.0], [2.0])
    assert equal["x"] == equal["y"] == [1.0, 2.0]


def test_rows_with_other_data_do_not_meet(make_source, make_record):
    rows = [make_record(backend="a"), make_record(backend="b", digests={"data": "e" * 64})]

    assert backend_against_backend(make_source(rows).entries).views == []


def test_labels_name_what_tells_rows_apart(make_source, make_record):
    entries = make_source([make_record(seed=0), make_record(seed=1)]).entries

    assert labels(entries) == ["torch, seed 0", "torch, seed 1"]
    assert label(entries[0].record) == "lenet5 28×28×1, seed 0"


def test_names_are_no_markup_to_plotly(make_source, make_record):
    hostile = "<a href='https://example.invalid'>x</a>"
    rows = [make_record(architecture=hostile, backend=name) for name in ("<b>a", "b")]
    entries = make_source(rows).entries
    drawn = [view.data for plot in plots_of(entries) for view in plot.views]
    drawn += [view.data for view in backend_against_backend(entries).views]

    found = [text for text in texts_of(drawn) if "href" in text or "b>a" in text]
    keys = {entry.key for entry in entries}
    assert [text for text in found if "<" in text and text not in keys] == []
    assert shown(hostile) in " ".join(found)


def texts_of(value):
    """Every text in nested lists and dictionaries, templates of ours aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            if name != "hovertemplate":
                yield from texts_of(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts_of(part)


def test_measurement_without_a_value_is_no_point(make_source, make_record):
    record = make_record()
    refused = Measurement.of(LATENCY, values=(), samples=0, value=None, refused="no")
    findings = msgspec.structs.replace(record.findings, measurements=(refused,))
    source = make_source([msgspec.structs.replace(record, findings=findings)])

    assert of(plots_of(source.entries), "accuracy-latency").views == []
