import base64
import hashlib
import html
import json
import re

import pytest

from benchsuite.errors import UsageError
from benchsuite.report.fairness.groups import differing, fair_groups
from benchsuite.report.page.page import page_html, script_json, write_page
from benchsuite.report.page.source import group_name, named_groups

HOSTILE = "</script><script>alert(1)</script>"


@pytest.fixture
def page(make_source, make_record):
    """The text of a page whose names and messages are hostile."""
    records = [
        make_record(architecture=HOSTILE, backend="{{7*7}}"),
        make_record(status="failed", reason='"><img src=x onerror=alert(1)>', training=None),
        make_record(tier="compiled"),
    ]
    facts = {
        "environment": {"cpu": HOSTILE, "packages": {HOSTILE: "1"}},
        "spec": {"archs": [HOSTILE]},
    }
    return page_html(make_source(records, facts=facts))


def own(page):
    """The page without Plotly."""
    return re.sub(r"<script>\s*/\*\*\s*\* plotly\.js.*?</script>", "", page, flags=re.DOTALL)


def test_texts_of_others_are_escaped(page):
    text = own(page)

    assert HOSTILE not in text
    assert "onerror=alert(1)>" not in text
    assert html.escape(HOSTILE) in text
    assert "{{7*7}}" in text
    assert re.findall(r"<script[^>]*>", text) == [
        '<script type="application/json" id="board">',
        '<script type="application/json" id="cases">',
        "<script>",
    ]


def test_data_survive_their_escaping():
    value = {"a": [HOSTILE, "&lt; ü ≠", 1.5, None]}

    text = script_json(value)

    assert not set("<>&") & set(text)
    assert json.loads(text) == value


def test_policy_allows_the_two_scripts_and_no_address(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]

    assert len(scripts) == 2
    assert all(f"'sha256-{found}'" in html.unescape(policy) for found in hashes)
    assert html.unescape(policy).startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy


def test_page_names_no_address_to_load_from(page):
    assert re.findall(r"""(?:src|href)=["'](?!#|data:)[^"']*""", own(page)) == []


def test_summary_counts_and_says_what_settings_differ_in(page):
    text = own(page)

    assert "<strong>2 ok</strong>" in text
    assert "<strong>1 failed</strong>" in text
    assert "under 2 settings" in text
    assert "they differ in tier." in text


def test_groups_are_named_by_what_keeps_them_apart(make_record):
    groups = fair_groups(
        [
            make_record(),
            make_record(tier="compiled", train_input_shape=(8, 8, 1), digests={"data": "e" * 64}),
        ]
    )

    assert [group_name(group, differing(groups)) for group in groups] == [
        "tier native · training input 28×28×1 · data dddddddd",
        "tier compiled · training input 8×8×1 · data eeeeeeee",
    ]
    assert group_name(groups[0], []) == "all rows"


def test_group_with_the_most_finished_rows_comes_first(make_record):
    records = [
        *(make_record(backend=name, status="failed", reason="no") for name in "ab"),
        make_record(tier="compiled"),
    ]

    assert [name for name, _ in named_groups(records)] == ["tier compiled", "tier native"]


def test_page_is_written_as_a_whole_or_refused(make_source, make_record, tmp_path):
    source = make_source([make_record()])

    assert write_page(source, tmp_path / "out.html").read_text().startswith("<!DOCTYPE html>")
    with pytest.raises(UsageError, match="cannot be written"):
        write_page(source, tmp_path / "nowhere" / "out.html")
