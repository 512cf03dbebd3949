from benchsuite.report.comparison.judge import judge
from benchsuite.report.comparison.metrics import metrics_named
from benchsuite.report.comparison.pairing import pair_sides

LATENCY = metrics_named(["latency"])


def test_higher_throughput_is_better(compare, make_row):
    more = {"inference_throughput": tuple(1200.0 + n for n in range(9))}
    less = {"inference_throughput": tuple(1000.0 + n for n in range(9))}

    found = compare(make_row(run="a", samples=less), make_row(run="b", samples=more), "throughput")
    assert found.answer == "better"


def test_many_comparisons_need_more_evidence(make_row):
    """A p-value of 0.0008 is enough for three, and not for thousands."""
    first = [make_row(run="a", seed=seed) for seed in range(3)]
    second = [make_row(run="b", seed=seed, latency=1.07) for seed in range(3)]
    pairs = pair_sides(first, second).pairs

    assert {finding.answer for finding in judge(pairs, LATENCY)} == {"worse"}
    many = judge(pairs * 500, LATENCY)
    assert {finding.answer for finding in many} == {"inconclusive"}
    assert many[0].how.endswith("may be chance among 1500 (Holm)")


def test_figure_that_neither_has_is_no_comparison(make_row):
    pair = [make_row(run=run) for run in "ab"]

    assert judge(pair_sides(pair[:1], pair[1:]).pairs, metrics_named(["energy"])) == []


def test_figure_of_one_process_is_an_indication(compare, make_row):
    found = compare(make_row(run="a"), make_row(run="b"), "memory")

    assert (found.answer, found.change, found.low) == ("indicative", 1.0, None)
