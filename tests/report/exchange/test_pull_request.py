from benchsuite.report.exchange.pull_request import export


def test_a_comment_has_a_table_and_folds_the_rest_away(store, make_record):
    comment = export([store(make_record(run="run_1"))])

    shown, every, environment = comment.split("<details>")
    assert shown.startswith("### benchsuite: 1 cases of run\\_1\n")
    assert shown.count("| lenet5 | torch |") == every.count("| lenet5 | torch |") == 1
    assert len(every) > len(shown)
    assert "not ok" not in comment
    cells = [cell.strip() for cell in environment.splitlines()[4].split("|")]
    assert cells[1:8] == ["run\\_1", "0.1.0", "c0ffee-dirty", "Test CPU", "", "H200", "3.11.7"]
    assert "numpy 2.4.0, torch 2.13.0" in environment
    assert comment.count("</details>") == 2


def test_a_comment_counts_what_is_not_ok(store, make_record):
    cases = [store(make_record()), store(make_record(seed=1, status="timeout", reason="60 s"))]

    comment = export(cases)

    assert "**1 of them not ok**" in comment
    assert "timeout: 60 s" in comment.partition("<details>")[0]


def test_a_comment_on_nothing_but_failures_still_comes(store, make_record):
    comment = export([store(make_record(status="failed", reason="x"), environment={})])

    assert "failed: x" in comment


def test_what_the_program_measured_is_text_and_nothing_else(store, make_record):
    hostile = make_record(device_name="<script>", reason="<img>", status="failed")

    assert "<script>" not in export([store(hostile)])
    assert "<img>" not in export([store(hostile)])
