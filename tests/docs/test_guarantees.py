"""docs/reference/guarantees.md: every rule and every fault has its test."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGE = "reference/guarantees.md"
_TEST = re.compile(r"(?P<path>[\w/]+\.py)::(?P<name>\w+)(\[(?P<kind>\w+)\])?")


def test_every_rule_has_its_test(document, table):
    rows = table(document(PAGE), "## Rules of measurement")

    assert len(rows) >= 30
    for _, test in rows:
        _assert_exists(test)


def test_every_fault_has_its_test(document, table):
    rows = table(document(PAGE), "## Faults")

    assert len(rows) >= 40
    for _, _, test in rows:
        _assert_exists(test)


def _assert_exists(test):
    found = _TEST.fullmatch(test)
    source = (ROOT / found["path"]).read_text(encoding="utf-8")
    assert f"def {found['name']}(" in source, test
    assert found["kind"] is None or f'"{found["kind"]}"' in source, test
