"""docs/reference/cli.md is what `--help` says."""

import subprocess
import sys
from pathlib import Path

REFERENCE = Path(__file__).parent.parent.parent / "docs" / "reference"


def test_page_is_what_help_says():
    made = subprocess.run(
        [sys.executable, REFERENCE / "make_cli.py"], capture_output=True, text=True, check=True
    )

    assert (REFERENCE / "cli.md").read_text(encoding="utf-8") == made.stdout, (
        "run: python docs/reference/make_cli.py > docs/reference/cli.md"
    )
