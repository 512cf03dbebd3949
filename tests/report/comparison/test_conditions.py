import pytest

from benchsuite.errors import UsageError
from benchsuite.report.comparison.conditions import parse_condition, regressions, undecided
from benchsuite.report.comparison.judge import judge
from benchsuite.report.comparison.pairing import pair_sides


@pytest.mark.parametrize(
    ("text", "column", "falls", "threshold"),
    [
        ("throughput<-5%", "inference_throughput_images_per_s", True, -0.05),
        (" latency > +2.5 % ", "latency_batch1_p50_s", False, 0.025),
        ("test_top1_fraction<-0.01", "test_top1_fraction", True, -0.01),
        ("test_loss_nats>0.1", "test_loss_nats", False, 0.1),
    ],
)
def test_condition_is_a_metric_and_a_change(text, column, falls, threshold):
    found = parse_condition(text)

    assert (found.column.name, found.falls, found.threshold) == (column, falls, threshold)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("throughput", "is not a condition"),
        ("latency>=5%", "is not a condition"),
        ("latncy>5%", "'latncy' is not a metric that can be compared. Did you mean 'latency'"),
        ("parameters>5%", "is not a metric that can be compared"),
        ("latency>5", "relative, in %"),
        ("top1<-1%", "a difference, without %"),
    ],
)
def test_other_conditions_are_refused(text, message):
    with pytest.raises(UsageError, match=message):
        parse_condition(text)


@pytest.mark.parametrize(
    ("latency", "text", "fails"),
    [
        (1.1, "latency>+5%", True),
        (1.1, "latency>+20%", False),
        (1.04, "latency>+3%", False),  # beyond the threshold, but no verdict
        (0.9, "latency>+5%", False),
        (0.9, "latency<-5%", True),
    ],
)
def test_regression_is_beyond_the_threshold_and_established(make_row, latency, text, fails):
    condition = parse_condition(text)
    sides = [make_row(run="a")], [make_row(run="b", latency=latency)]
    findings = judge(pair_sides(*sides).pairs, [condition.column])

    assert bool(regressions(findings, [condition])) == fails
    assert list(undecided(findings, [condition])) == []


def test_one_seed_fails_nothing_that_several_do_not(make_row):
    """Seeds of one code differ by more than images tell: in other seeds it is the other way."""
    condition = parse_condition("top1<-0.01")
    sides = [
        [make_row(run=run, seed=n, test={"top1_fraction": share}) for n, share in enumerate(shares)]
        for run, shares in (("a", (0.9, 0.5, 0.7)), ("b", (0.5, 0.9, 0.7)))
    ]
    alone = judge(pair_sides(*(side[:1] for side in sides)).pairs, [condition.column])
    several = judge(pair_sides(*sides).pairs, [condition.column])

    assert [finding.said for finding in alone] == ["worse of this seed"]
    assert regressions(alone, [condition]) == alone
    assert {f.said for f in several} > {"worse of this seed", "better of this seed"}
    assert regressions(several, [condition]) == []


def test_case_that_ran_and_fails_is_a_regression(make_row):
    condition = parse_condition("latency>+5%")
    ran, failed = make_row(run="a"), make_row(run="b", status="oom")

    for sides, count in (([ran], [failed]), 1), (([failed], [ran]), 0):
        findings = judge(pair_sides(*sides).pairs, [condition.column])
        assert len(regressions(findings, [condition])) == count


def test_gate_that_is_always_open_is_named(make_row):
    condition = parse_condition("latency>+5%")
    sides = ([make_row(run=run, protocol="tour-2")] for run in "ab")
    findings = judge(pair_sides(*sides).pairs, [condition.column])

    assert list(undecided(findings, [condition])) == [
        "'latency>+5%' can decide nothing here: tour-2 gives no verdicts"
    ]
