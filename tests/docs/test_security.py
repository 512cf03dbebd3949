"""docs/reference/security.md names modules that are there."""

import re
from pathlib import Path

PACKAGE = Path(__file__).parent.parent.parent / "benchsuite"


def test_readers_of_files_exist(document, table):
    readers = [row[1] for row in table(document("reference/security.md"), "## Files")]

    named = [name for cell in readers for name in re.findall(r"[\w/]+(?:\.py|/)", cell)]
    assert len(named) >= 12
    assert [name for name in named if not (PACKAGE / name).exists()] == []
