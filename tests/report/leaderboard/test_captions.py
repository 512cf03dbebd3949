from benchsuite.report.leaderboard.captions import describe_protocol


def test_protocol_is_described_with_its_version():
    assert (
        describe_protocol("quick-1") == "quick: three processes; indicative, no verdicts (quick-1)"
    )


def test_unknown_protocol_is_its_name():
    assert describe_protocol("smoke-2") == "smoke-2"
