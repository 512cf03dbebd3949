"""docs/cli.md is what `--help` says."""

import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parent.parent.parent / "docs"


def test_page_is_what_help_says():
    made = subprocess.run(
        [sys.executable, DOCS / "make_cli.py"], capture_output=True, text=True, check=True
    )

    assert (DOCS / "cli.md").read_text(encoding="utf-8") == made.stdout, (
        "run: python docs/make_cli.py > docs/cli.md"
    )
