import pytest


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"device_name": "Other CPU"}, "device_name: Test CPU against Other CPU"),
        ({"protocol": "full-0"}, "protocol: full-1 against full-0"),
        ({"samples": {"latency": ()}}, "B: not measured"),
        ({"status": "failed", "reason": "no luck"}, "B failed: no luck"),
    ],
)
def test_what_may_not_be_compared_has_its_reason(compare, make_row, facts, reason):
    found = compare(make_row(run="a"), make_row(run="b", **facts))

    assert (found.answer, found.how) == ("not comparable", reason)


@pytest.mark.parametrize("digest", ["data", "split", "order", "initial_weights"])
def test_other_digests_forbid_accuracy_and_not_speed(compare, make_row, digest):
    pair = make_row(run="a"), make_row(run="b", digests={digest: "x" * 64})

    assert compare(*pair, "top1").how == f"other {digest}_digest"
    assert compare(*pair).answer == "same"


def test_other_timed_batches_forbid_their_throughput_and_no_other(compare, make_row):
    pair = make_row(run="a"), make_row(run="b", inference_batch_size=8)

    found = compare(*pair, "throughput")
    assert found.how == "inference_batch_size: 64 against 8"
    assert compare(*pair).answer == "same"


def test_disqualified_figure_is_not_compared(compare, make_row, marked):
    found = compare(make_row(run="a"), marked(make_row(run="b"), flags=("noisy", "drift")))

    assert (found.answer, found.how) == ("not comparable", "B: drift")


@pytest.mark.parametrize("protocol", ["tour-2", "quick-1"])
def test_protocol_without_verdicts_gives_an_indication(compare, make_row, protocol):
    found = compare(*(make_row(run=run, protocol=protocol) for run in "ab"))

    assert (found.answer, found.how) == ("indicative", f"{protocol} gives no verdicts")
