from benchsuite.report.exchange.tables import ranked_tables, unfinished_table


def test_rows_of_different_settings_are_in_tables_of_their_own(make_record):
    one, other = ranked_tables([make_record(), make_record(device_name="Other | CPU")])

    assert "device name Test CPU" in one
    assert r"device name Other \| CPU" in other
    assert len(one.splitlines()) == len(other.splitlines()) == 5


def test_the_best_is_bold_and_strangers_are_marked(make_record):
    better = make_record(backend="keras-jax", test={"top1_fraction": 0.95})
    (best,) = ranked_tables([make_record(), better])
    stranger = make_record(backend="keras-jax", digests={"order": "x" * 64})
    (marked,) = ranked_tables([make_record(), stranger])

    assert "| lenet5 | keras-jax | **0.950** |" in best
    assert "| lenet5 | torch | 0.925 |" in best
    assert "| lenet5 | keras-jax ≠ | 0.925 |" in marked


def test_seeds_are_told_apart_and_intervals_shown(make_record):
    values = (0.001, 0.0011, 0.0012, 0.0013, 0.0014, 0.0015)
    records = [make_record(seed=seed, samples={"latency": values}) for seed in (0, 1)]

    (text,) = ranked_tables(records)

    assert "| network | backend | seed |" in text
    assert "| lenet5 | torch | 1 | 0.925 | 1.2 ±0.2 |" in text


def test_cases_that_are_not_ok_are_no_rows_but_have_reasons(make_record):
    failed = make_record(status="failed", reason="a|b")

    assert list(ranked_tables([failed])) == []
    assert unfinished_table([failed]).splitlines()[2:] == [rf"| {failed.case.id} | failed | a\|b |"]
    assert unfinished_table([make_record()]) == ""
