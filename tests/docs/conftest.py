"""Reads the documentation's code blocks and tables, and carries out what they show.

What follows the language on a fence says what the block is for:

    python file.py       a file that the following commands use
    python from=PATH     a literal part of the repository's PATH
    console              commands after `$`, run in order, and what they print; `…` stands
                         for anything, and whitespace for any whitespace
    console needs=torch  likewise, where that module is installed
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
EXAMPLE = DOCS / "example-plugin"

_BLOCK = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_PROGRAM = "import sys; from benchsuite.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the words that follow it, and its text."""

    language: str
    words: tuple[str, ...]
    text: str

    def word(self, key):
        return next((w.partition("=")[2] for w in self.words if w.startswith(f"{key}=")), None)


def _blocks(text):
    for found in _BLOCK.finditer(text):
        language, *words = found["info"].split() or [""]
        yield Block(language, tuple(words), found["text"])


@pytest.fixture
def document():
    """A function that gives the text of a page, by its path in docs/."""
    return lambda name: (DOCS / name).read_text(encoding="utf-8")


@pytest.fixture
def blocks(document):
    """A function that gives the fenced blocks of a page, or of a part of its text."""
    return lambda name_or_text: list(
        _blocks(document(name_or_text) if name_or_text.endswith(".md") else name_or_text)
    )


@pytest.fixture
def table():
    """A function that gives the cells of the first table after a heading, code marks removed."""

    def rows(text, heading):
        after = text.partition(f"\n{heading}\n")[2]
        assert after, f"there is no heading '{heading}'"
        lines = re.search(r"(?:^\|.*\n)+", after, re.MULTILINE)[0].splitlines()[2:]
        return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]

    return rows


@pytest.fixture
def installed_example(tmp_path_factory):
    """The environment of a process that finds the example plugin installed."""
    site = tmp_path_factory.mktemp("site")
    info = site / "benchsuite_example-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: benchsuite-example\nVersion: 1.0")
    (info / "entry_points.txt").write_text("[benchsuite]\nexample = benchsuite_example\n")
    given = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
    path = os.pathsep.join([str(EXAMPLE / "src"), str(site), *given])
    return {**os.environ, "PYTHONPATH": path, "COLUMNS": "160", "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def follow(blocks, installed_example, tmp_path):
    """A function that does what a page says, from top to bottom, in an empty folder."""

    def run(page):
        commands = 0
        for block in blocks(page):
            if block.language in ("python", "toml") and len(block.words) == 1:
                if block.word("from") is None:
                    (tmp_path / block.words[0]).write_text(block.text)
            elif block.language == "console":
                needs = block.word("needs")
                if needs is None or find_spec(needs):
                    commands += _carry_out(block, installed_example, tmp_path)
        return commands

    return run


def _carry_out(block, environment, folder):
    *_, last = steps = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    assert last, "a console block has commands after `$`"
    for step in steps:
        command, _, expected = step.partition("\n")
        done = subprocess.run(
            _arguments(command),
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        _compare(command, expected, done)
    return len(steps)


def _arguments(command):
    program, *arguments = shlex.split(command)
    programs = {
        "benchsuite": [sys.executable, "-c", _PROGRAM],
        "pytest": [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
        "python": [sys.executable],
    }
    assert program in programs, f"'{command}' is no command that a page may show as run"
    return [*programs[program], *arguments]


def _compare(command, expected, done):
    refused = expected.startswith("error: ")
    assert (done.returncode != 0) == refused, f"$ {command}\n{done.stdout}\n{done.stderr}"
    printed = done.stdout + (done.stderr if done.returncode else "")
    words = (r"\s+".join(map(re.escape, part.split())) for part in expected.split("…"))
    pattern = r"(?s)\s*" + r".*".join(words) + r"\s*"
    assert re.fullmatch(pattern, printed), (
        f"$ {command}\nexpected:\n{expected}\nprinted:\n{printed}\n{done.stderr}"
    )
