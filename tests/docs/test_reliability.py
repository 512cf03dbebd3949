"""docs/reliability.md: every fault of the table has its test."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_TEST = re.compile(r"(?P<path>[\w/]+\.py)::(?P<name>\w+)(\[(?P<kind>\w+)\])?")


def test_every_fault_has_its_test(document, table):
    rows = table(document("reliability.md"), "## Faults and their tests")

    assert len(rows) >= 40
    for _, _, test in rows:
        found = _TEST.fullmatch(test)
        source = (ROOT / found["path"]).read_text()
        assert f"def {found['name']}(" in source, test
        assert found["kind"] is None or f'"{found["kind"]}"' in source, test
