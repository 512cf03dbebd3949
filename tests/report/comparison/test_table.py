import csv
import io
import json

import pytest

from benchsuite.report.comparison.judge import judge
from benchsuite.report.comparison.metrics import metrics_named
from benchsuite.report.comparison.pairing import pair_sides, pair_within
from benchsuite.report.comparison.table import (
    as_csv,
    as_json,
    as_markdown,
    as_text,
    entries,
    summary,
)


@pytest.fixture
def lines(make_row):
    """Four cases: one slower, one that failed, and one on either side alone."""
    hostile = "<b>|`no`\x1b[2J luck"
    first = [make_row(run="a", seed=seed) for seed in (0, 1, 2)]
    second = [
        make_row(run="b", latency=1.1),
        make_row(run="b", seed=1, status="failed", reason=hostile),
        make_row(run="b", seed=3),
    ]
    pairing = pair_sides(first, second)
    findings = judge(pairing.pairs, metrics_named(["latency", "top1"]))
    return entries(findings, pairing)


def test_every_case_has_its_line(lines):
    assert [(line["seed"], line["metric"], line["verdict"]) for line in lines] == [
        (0, "latency_batch1_p50_s", "worse"),
        (0, "test_top1_fraction", "inconclusive"),
        (1, None, "not comparable"),
        (2, None, "only in A"),
        (3, None, "only in B"),
    ]
    assert summary(lines) == (
        "2 comparisons: 1 worse, 1 inconclusive, 1 not comparable, 1 only in A, 1 only in B"
    )


def test_table_shows_change_interval_and_reason(lines):
    header, slower, top1, failed, *_ = as_text(lines).splitlines()

    assert header.split()[:5] == ["architecture", "backend", "seed", "metric", "A"]
    assert slower.split()[:8] == ["lenet5", "torch", "0", "latency", "ms", "1.00", "1.10", "+10.0"]
    assert "worse" in slower
    assert "+0.0000" in top1
    assert r"B failed: <b>|`no`\u001b[2J luck" in failed


def test_markdown_is_never_made_by_a_records_text(lines):
    text = as_markdown(lines)

    assert text.startswith("| architecture   | backend   |")
    assert r"B failed: \<b\>\|\`no\`\\u001b\[2J luck" in text
    assert "\x1b" not in text


def test_csv_and_json_hold_the_same(lines):
    table = list(csv.DictReader(io.StringIO(as_csv(lines))))
    objects = json.loads(as_json(lines))

    assert [row["verdict"] for row in table] == [one["verdict"] for one in objects]
    assert table[0].keys() == objects[0].keys()
    assert float(table[0]["ratio_low"]) == objects[0]["ratio_low"]
    assert (table[2]["ratio"], objects[2]["ratio"]) == ("", None)
    assert objects[1]["difference"] == 0.0
    assert objects[1]["ratio"] is None


def test_axis_names_both_values(make_row):
    rows = [make_row(backend=backend) for backend in ("keras", "torch")]
    pairing = pair_within(rows, "backend")

    (line,) = entries(judge(pairing.pairs, metrics_named(["latency"])), pairing)
    assert line["backend"] == "keras → torch"
