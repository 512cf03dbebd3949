"""Every page can be followed as it stands, and what it quotes is so in the repository."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted(path.name for path in (ROOT / "docs").glob("*.md"))
#: Languages of blocks that are not run: what needs the network or a whole machine, and what
#: other tests compare.
_UNCHECKED = ("sh", "text")
_LINK = re.compile(r"\]\((?!https?:|#)(?P<target>[^)#\s]+)")


@pytest.mark.parametrize("page", PAGES)
def test_page_can_be_followed(follow, blocks, page):
    ran = follow(page)

    shown = [block for block in blocks(page) if block.language == "console"]
    assert ran or all(block.word("needs") for block in shown)


@pytest.mark.parametrize("page", PAGES)
def test_page_quotes_the_repository_literally(blocks, page):
    for block in blocks(page):
        source = block.word("from")
        if source is not None:
            assert block.text in (ROOT / source).read_text(encoding="utf-8"), source


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_is_checked_or_meant_not_to_be(blocks, page):
    for block in blocks(page):
        checked = block.language in ("console", "json") or (
            block.language in ("python", "toml") and len(block.words) == 1
        )
        assert checked or block.language in _UNCHECKED, block


@pytest.mark.parametrize("page", [*PAGES, "../README.md", "../CONTRIBUTING.md"])
def test_links_of_a_page_lead_somewhere(document, page):
    for found in _LINK.finditer(document(page)):
        assert (ROOT / "docs" / page).parent.joinpath(found["target"]).exists(), found["target"]


def test_first_architecture_takes_fifteen_lines(blocks):
    file, command, *_ = blocks("tutorial-architecture.md")

    assert file.words == ("tiny_net.py",)
    assert command.text.startswith("$ benchsuite -p tiny_net.py ")
    assert len(file.text.splitlines()) + 1 <= 15
