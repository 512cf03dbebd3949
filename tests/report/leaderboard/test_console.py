import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from benchsuite.report import leaderboard_table
from benchsuite.report.leaderboard.rows import columns_of
from benchsuite.report.leaderboard.view import view_of

RESNET = {
    "architecture": "resnet18",
    "input_shape": (224, 224, 3),
    "num_classes": 1000,
    "train_input_shape": (64, 64, 3),
}


def printed(records, *, wide=False, width=80, asked=None, **options):
    output = io.StringIO()
    console = Console(file=output, width=width, highlight=False, **options)
    console.print(
        leaderboard_table(records, view_of(columns_of(records), **(asked or {})), wide=wide)
    )
    return output.getvalue()


def row(text, name):
    """The cells of the first row whose first word is `name`, without the mark of a front."""
    lines = (line.replace("◆", " ") for line in text.splitlines())
    return next(line for line in lines if line.split()[:1] == [name]).split()


@pytest.fixture
def pair(make_record):
    """Two backends: keras-jax is faster in inference, torch in training; both are as accurate."""
    return [
        make_record(
            backend="keras-jax",
            samples={"latency": (0.0015,), "training_throughput": (300.0,)},
        ),
        make_record(backend="torch", samples={"host_memory_peak": (600e6,)}),
    ]


@pytest.mark.parametrize("name", ["protocol", "hardware"])
def test_table_names_protocol_and_hardware(pair, name):
    text = printed(pair)

    expected = {
        "protocol": "tour: one process, a few seconds per figure; indicative, no verdicts (tour-2)",
        "hardware": "cpu: Test CPU, threads: 2",
    }
    assert expected[name] in text.splitlines()


def test_table_calls_nothing_a_tour_that_is_none(make_record):
    text = printed([make_record(protocol="strange-3")])

    assert "strange-3" in text.splitlines()
    assert "tour" not in text


def test_table_shows_people_units_named_in_the_header(pair):
    text = printed(pair)

    headers = next(line for line in text.splitlines() if "images/s" in line).split()
    assert headers == ["backend", "fraction", "ms", "images/s", "images/s", "MB", "s"]
    assert row(text, "torch") == [
        *("torch", "0.925*", "2.00", "1,000", "400", "600", "0.750*"),
    ]


def test_table_marks_the_best_and_lets_ties_share(pair):
    text = printed(pair)

    assert row(text, "keras-jax") == [
        *("keras-jax", "0.925*", "1.50", "1,000", "300", "500*", "0.750*"),
    ]
    assert "* best of the rows that may be compared (accuracy: of this seed)\n" in text


def test_table_marks_nothing_where_there_is_nothing_to_compare(make_record):
    assert "*" not in printed([make_record()])


def test_table_has_a_section_for_every_architecture(pair, make_record):
    lines = printed([*pair, make_record(**RESNET)]).splitlines()

    titles = [line for line in lines if "MACs" in line and "sections" not in line]
    assert titles == [
        "lenet5  28×28×1 → 10 · 61.7 k parameters · 417 k MACs · batch 64/16",
        "resnet18  224×224×3 → 1000 · 61.7 k parameters · 417 k MACs · batch 64/16",
    ]


def test_table_never_marks_across_architectures(pair, make_record):
    text = printed([*pair, make_record(**RESNET, backend="fastest", samples={"latency": (1e-6,)})])

    assert "*" not in " ".join(row(text, "fastest"))
    assert "0.925*" in row(text, "keras-jax")


def test_table_shows_a_failed_row_with_status_and_reason(pair, make_record):
    failed = make_record(
        backend="keras-torch", status="oom", reason="needs 9 GiB,\n4 GiB are free", training=None
    )

    cells = row(printed([*pair, failed]), "keras-torch")
    assert " ".join(cells) == "keras-torch oom: needs 9 GiB, 4 GiB are free"


def test_table_shows_a_long_reason_to_its_end_within_its_width(pair, make_record):
    reason = " ".join(f"word{number}" for number in range(60))
    lines = printed([*pair, make_record(backend="x", status="failed", reason=reason)]).splitlines()

    assert "word59" in " ".join(lines)
    assert max(map(len, lines)) <= 80


def test_table_of_failures_alone_is_no_error(make_record):
    text = printed([make_record(status="timeout", reason="after 600 s", size=None, training=None)])

    assert "timeout: after 600 s" in text


def test_table_says_where_training_was_at_another_size(make_record):
    text = printed([make_record(**RESNET)])

    assert "0.925 @64×64" in text
    assert "2.00 @" not in text


def test_table_marks_rows_with_other_data_and_compares_them_with_nothing(pair, make_record):
    stranger = make_record(
        backend="stranger", digests={"order": "x" * 64}, samples={"latency": (1e-6,)}
    )

    text = printed([*pair, stranger])

    assert row(text, "stranger")[1] == "≠"
    assert "*" not in " ".join(row(text, "stranger"))
    assert "0.925*" in row(text, "keras-jax")
    assert "≠ not compared: other data, order, weights or network" in text


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 7},
        {"device": "cuda:0"},
        {"precision": "fp64"},
        {"threads": 1},
        {"run": "run-2"},
        {"device_name": "Another CPU"},
    ],
)
def test_table_tells_rows_apart_by_what_differs_and_stays_narrow(make_record, change):
    text = printed([make_record(), make_record(**change)])

    (name, value), *_ = change.items()
    assert name.replace("_", " ") in text
    assert str(value) in text
    assert max(map(len, text.splitlines())) <= 80


def test_table_says_once_what_holds_for_all_rows(pair):
    lines = printed(pair).splitlines()

    assert "tier native · precision fp32 · division matched · dataset digits · seed 0" in lines


def test_narrow_table_fits_into_80_columns(make_record):
    backends = ["keras-tensorflow", "keras-jax", "torch"]
    slow = {"latency": (12.3456,), "first_call": (123.4,), "device_memory_peak": (9e10,)}
    records = [
        make_record(**RESNET, backend=backend, seed=seed, samples=slow, digests={"order": order})
        for backend, order in zip(backends, "aab", strict=True)
        for seed in (0, 1)
    ]

    lines = printed(records, width=200).splitlines()

    assert max(map(len, lines)) <= 80
    assert "12,346" in row("\n".join(lines), "torch")


def test_wide_table_shows_every_figure_and_the_outcome(pair, make_record):
    failed = make_record(backend="keras-torch", status="failed", reason="no luck", training=None)
    records = [*pair, failed, make_record(backend="x", test={"brier": 0.123456})]

    text = printed(records, wide=True, width=1000)

    for header in ("first call", "above import", "isolation", "reason", "samples", "brier"):
        assert header in text
    assert row(text, "keras-torch")[-3:] == ["failed", "no", "luck"]
    assert "0.123" in row(text, "x")


def test_wide_table_shows_energy_where_it_was_counted(make_record, pair):
    counted = make_record(samples={"energy_per_image": (0.0123,), "idle_power": (70.0,)})

    text = printed([counted], wide=True, width=1000)

    assert "mJ/image" in text
    assert "12.3" in row(text, "torch")
    assert "mJ/image" not in printed(pair, wide=True, width=1000)


def test_wide_table_shows_what_a_failed_row_has(make_record):
    records = [make_record(), make_record(backend="x", status="timeout", reason="late")]

    assert "0.925" in row(printed(records, wide=True, width=1000), "x")


def test_table_is_plain_where_colours_are_not_wanted(pair, monkeypatch):
    assert "\x1b[1;32m" in printed(pair, force_terminal=True, color_system="standard")
    assert "\x1b" not in printed(pair)

    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1;32m" not in printed(pair, force_terminal=True, color_system=None)
    assert "32m" not in printed(pair, force_terminal=True)


def test_table_takes_brackets_in_reasons_literally(make_record):
    text = printed([make_record(status="failed", reason="shape [bold]3[/bold] [/x]")])

    assert "shape [bold]3[/bold] [/x]" in text


def test_rows_on_a_front_are_marked_across_architectures(make_record):
    """Of one size, mlp is as accurate as lenet5 and faster, cnn less accurate and slower."""
    records = [
        make_record(architecture="lenet5"),
        make_record(architecture="mlp", samples={"latency": (0.001,)}),
        make_record(architecture="cnn", test={"top1_fraction": 0.5}, samples={"latency": (1.0,)}),
    ]

    lines = printed(records).splitlines()

    assert [line.split()[1] for line in lines if line.startswith("  torch")] == [
        *("0.500", "◆", "◆"),
    ]
    assert "◆ in its table, none is both more accurate and faster, smaller or thriftier" in lines
    assert "latency, parameters" in printed(records, wide=True, width=1000)


def test_rows_that_no_ranking_may_mix_are_in_tables_that_say_by_what_they_differ(make_record):
    records = [
        make_record(tier=tier, train_input_shape=(size, size, 1), digests={"data": digit * 64})
        for tier, size, digit in (("compiled", 28, "d"), ("native", 28, "d"), ("native", 32, "e"))
    ]

    lines = printed(records).splitlines()

    assert (
        "3 tables, which no fair ranking mixes: they differ in tier, training input, data" in lines
    )
    assert [line for line in lines if line.startswith("table ")] == [
        "table 1 of 3: tier compiled · training input 28×28×1 · data dddddddd",
        "table 2 of 3: tier native · training input 28×28×1 · data dddddddd",
        "table 3 of 3: tier native · training input 32×32×1 · data eeeeeeee",
    ]
    assert "precision fp32 · division matched · dataset digits · seed 0" in lines


def test_sorted_table_is_one_list_with_ranks_the_figure_first(make_record):
    records = [
        make_record(architecture=name, test={"top1_fraction": top1})
        for name, top1 in (("mlp", 0.925), ("cnn", 0.5), ("lenet5", 0.93))
    ]

    lines = printed(records, asked={"sort": "top1"}).splitlines()

    start = next(i for i, line in enumerate(lines) if "architecture" in line)
    assert lines[start - 1].split() == [
        "rank",
        "by",
        "test",
        "top-1",
        "latency",
        "inference",
        "training",
    ]
    assert [line.replace("◆", " ").split()[:4] for line in lines[start + 2 : start + 5]] == [
        ["1", "lenet5", "torch", "0.930"],
        ["1", "mlp", "torch", "0.925"],
        ["3", "cnn", "torch", "0.500"],
    ]


def test_sorted_figure_is_shown_however_unimportant_and_said_to_have_no_rank(make_record):
    text = printed([make_record(), make_record(backend="x")], asked={"sort": "first_call,memory"})

    headers = next(line for line in text.splitlines() if "architecture" in line).split()
    assert headers[3:6] == ["s", "MB", "fraction"]
    assert "no rank by first call: no figure has an interval that gives verdicts" in text
    assert "rank by\n" not in text


def test_sections_are_of_the_column_that_is_asked_for(pair, make_record):
    other = make_record(architecture="mlp", backend="torch")

    lines = printed([*pair, other], asked={"group_by": "backend"}).replace("◆", " ").splitlines()

    start = lines.index("torch")
    assert [line.split()[0] for line in lines[start + 1 : start + 3]] == ["lenet5", "mlp"]


def test_chosen_columns_are_shown_in_their_order_and_failures_with_their_reason(make_record):
    records = [make_record(), make_record(backend="x", status="failed", reason="no luck")]

    lines = printed(
        records, asked={"columns": "top1,backend,parameters,optimizer,seed"}
    ).splitlines()

    assert ["0.925", "torch", "0.0617", "sgd", "0"] in [line.split() for line in lines]
    assert ["x", "sgd", "0", "failed:", "no", "luck"] in [line.split() for line in lines]


def test_chosen_status_and_reason_stand_in_their_columns(make_record):
    records = [make_record(status="oom", reason="too large")]

    lines = printed(records, asked={"columns": "status,backend,reason"}).splitlines()

    assert ["oom", "torch", "too", "large"] in [line.split() for line in lines]


def test_wide_table_has_a_bar_of_latency_beside_the_slowest_of_its_section(make_record):
    records = [
        make_record(backend=name, samples={"latency": (seconds,)})
        for name, seconds in (("fast", 0.25), ("slow", 1.0))
    ]

    text = printed([*records, make_record(architecture="mlp")], wide=True, width=1000)

    bars = [cell for line in text.splitlines() for cell in line.split() if set(cell) == {"█"}]
    assert bars == ["██", "████████", "████████"]


def test_table_shows_all_sizes_of_one_architecture(make_record):
    small = make_record(input_shape=(32, 32, 1), size=None)
    other = replace(make_record().findings.size, macs=1_000)

    text = printed([make_record(), make_record(size=other, input_shape=(8, 8, 1)), small])

    assert "1.00 k MACs" in text
    assert "417 k MACs" in text
    assert "32×32×1 → 10 · batch 64/16" in text.replace("\n", " ")


def test_table_shows_the_mean_of_several_seeds(make_record):
    records = [make_record(seed=seed, test={"top1_fraction": 0.9 + seed / 50}) for seed in range(3)]

    lines = printed(records).replace("◆", " ").splitlines()
    rows = [line.split() for line in lines if line.startswith("  torch")]

    assert [row[1] for row in rows] == ["0", "1", "2", "mean"]
    assert rows[-1][:6] == ["torch", "mean", "of", "3", "0.920", "±0.050"]


def test_table_leaves_out_a_mean_where_a_figure_is_missing(make_record):
    records = [make_record(seed=0), make_record(seed=1, test={"top1_fraction": None})]

    mean = next(line for line in printed(records).splitlines() if "mean of 2" in line)

    assert mean.split()[:6] == ["torch", "mean", "of", "2", "2.00", "±0.00"]


ROUNDS = (0.0020, 0.0021, 0.0019, 0.0020, 0.0021, 0.0020, 0.0019, 0.0020, 0.0021)


@pytest.fixture
def comparison_group(make_record):
    """Nine rounds: torch's latency is 10 % below keras-jax's, all else is the same."""
    same = {"inference_throughput": (1000.0,) * 9, "training_throughput": (300.0,) * 9}
    return [
        make_record(
            backend=backend,
            protocol="full-1",
            samples={"latency": tuple(s * factor for s in ROUNDS), **same},
        )
        for backend, factor in (("keras-jax", 1.1), ("torch", 1.0))
    ]


def test_table_shows_intervals_in_the_digits_that_they_support(comparison_group):
    text = printed(comparison_group)

    assert row(text, "torch")[2:4] == ["2.00", "±0.10*"]
    assert "full: fresh processes in turns" in text


def test_table_gives_verdicts_and_marks_what_they_allow(comparison_group):
    lines = [line.strip() for line in printed(comparison_group).splitlines()]

    assert "latency: keras-jax / torch 1.10 (1.10–1.10), different" in lines
    assert "inference throughput: keras-jax / torch 1.00 (1.00–1.00), equivalent" in lines
    assert "*" not in " ".join(row("\n".join(lines), "keras-jax")[2:4])


def test_rounds_of_two_runs_give_no_verdict(comparison_group):
    first, second = comparison_group

    text = printed([first, replace(second, run="another")])

    assert "different" not in text
    assert "equivalent" not in text


@pytest.mark.parametrize(
    ("flag", "is_decided"), [("contaminated", False), ("noisy", True), ("wide", True)]
)
def test_doubtful_figure_is_never_the_best_and_one_of_a_wide_spread_is_decided(
    comparison_group, flag, is_decided
):
    first, second = comparison_group
    latency, *others = second.findings.measurements
    doubtful = replace(latency, flags=(flag,))
    findings = replace(second.findings, measurements=(doubtful, *others))

    text = printed([first, replace(second, findings=findings)])

    assert row(text, "torch")[2:4] == ["~2.00", "±0.10"]
    assert ("latency: keras-jax / torch" in text) is is_decided
    assert "~ noisy or disturbed" in text


def test_table_gives_no_verdict_below_what_the_machine_can_see(comparison_group):
    seen = [
        replace(
            record,
            findings=replace(
                record.findings,
                measurements=tuple(replace(m, margin=0.15) for m in record.findings.measurements),
            ),
        )
        for record in comparison_group
    ]

    assert "latency: keras-jax / torch 1.10 (1.10–1.10), equivalent" in printed(seen)
