from benchsuite.report.exchange.pull_request import figures


def test_tables_of_rankings_are_without_padding(make_record):
    lines = figures([make_record(), make_record(device_name="Other CPU")], wide=False).splitlines()

    rows = [line for line in lines if "| torch |" in line]
    assert len(rows) == 2
    assert not any("  " in row for row in rows)
    assert any(line.startswith("cpu: Test CPU") and line.endswith("  ") for line in lines)


def test_wide_tables_have_every_figure(make_record):
    assert "above import MB" not in figures([make_record()], wide=False)
    assert "above import MB" in figures([make_record()], wide=True)
