import msgspec
import pytest

from benchsuite.report.page.verdicts import verdict_table

SLOW = tuple(0.002 + 0.00001 * n for n in range(9))
FAST = tuple(x / 2 for x in SLOW)
NEARLY = tuple(x * 1.001 for x in SLOW)


@pytest.fixture
def verdicts(make_source, make_record):
    """A function that gives the verdicts on the latency of two backends, as lists of texts."""

    def make(one, other, flags=(), protocol="full-1"):
        records = [
            make_record(backend=name, protocol=protocol, samples={"latency": values})
            for name, values in (("a", one), ("b", other))
        ]
        if flags:
            found = records[1].findings
            flagged = [msgspec.structs.replace(m, flags=flags) for m in found.measurements]
            found = msgspec.structs.replace(found, measurements=tuple(flagged))
            records[1] = msgspec.structs.replace(records[1], findings=found)
        rows = verdict_table(make_source(records).entries).rows
        texts = [[getattr(cell, "text", cell) for cell in row.cells] for row in rows]
        return [row[2:7] for row in texts if row[1] == "latency"]

    return make


def test_faster_backend_is_named(verdicts):
    assert verdicts(SLOW, FAST) == [
        ["a", "b", "2.00 (2.00–2.00)", "different", "b is 2.00 times as fast"]
    ]
    assert verdicts(FAST, SLOW)[0][4] == "a is 2.00 times as fast"


def test_tie_is_a_verdict(verdicts):
    ((*_, verdict, words),) = verdicts(SLOW, NEARLY)

    assert (verdict, words) == ("equivalent", "as fast as each other")


def test_higher_throughput_is_faster(make_source, make_record):
    records = [
        make_record(
            backend=name,
            protocol="full-1",
            samples={"inference_throughput": tuple(scale * (100 + n) for n in range(9))},
        )
        for name, scale in (("a", 1), ("b", 3))
    ]
    rows = verdict_table(make_source(records).entries).rows

    words = [row.cells[6] for row in rows if row.cells[1] == "inference throughput"]
    assert words == ["b is 3.00 times as fast"]


def test_flag_that_forbids_a_verdict_is_named(verdicts):
    assert verdicts(SLOW, FAST, flags=("not_steady", "noisy")) == [
        ["a", "b", "", "none", "b: not steady"]
    ]


def test_too_few_rounds_are_named(verdicts):
    assert verdicts(SLOW[:3], FAST[:3])[0][3:] == [
        "none",
        "too few rounds in which both took part",
    ]


def test_protocol_without_verdicts_has_no_lines(verdicts):
    assert verdicts(SLOW, FAST, protocol="tour-2") == []
