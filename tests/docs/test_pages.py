"""Every page can be followed as it stands, and what it quotes is so in the repository."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))
PURPOSES = ("tutorials", "how-to", "reference", "explanation")
#: Languages of blocks that are not run: what needs the network or a whole machine, and what
#: other tests compare.
_UNCHECKED = ("sh", "text")
_BLOCK = re.compile(r"^( *)```.*?^\1```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?:|mailto:)(?P<page>[^)#\s]*)(#(?P<anchor>[^)\s]+))?\)")
_HEADING = re.compile(r"^#{1,6} +(?P<text>.*)$", re.MULTILINE)


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


@pytest.mark.parametrize("page", [*PAGES, "../README.md", "../CONTRIBUTING.md", "../CHANGELOG.md"])
def test_links_of_a_page_lead_somewhere(document, page):
    """To a file that is there and, where a link names one, to a heading on that page."""
    folder = (DOCS / page).parent
    for found in _LINK.finditer(_BLOCK.sub("", document(page))):
        target = folder / found["page"] if found["page"] else DOCS / page
        assert target.exists(), found["page"]
        if found["anchor"]:
            assert found["anchor"] in _anchors(target.read_text(encoding="utf-8")), found[0]


@pytest.mark.parametrize("page", PAGES)
def test_links_out_of_the_site_lead_to_results(document, page):
    """The site holds docs/ and results/: a link to anything else would be dead on it."""
    folder = (DOCS / page).parent
    for found in _LINK.finditer(_BLOCK.sub("", document(page))):
        target = (folder / found["page"]).resolve()
        assert target.is_relative_to(DOCS) or target.is_relative_to(ROOT / "results"), found[0]


def test_every_page_has_a_purpose_and_is_listed_in_the_index(document):
    listed = {found["page"] for found in _LINK.finditer(document("index.md"))}

    elsewhere = [page for page in PAGES if page.partition("/")[0] not in PURPOSES]
    assert elsewhere == ["example-plugin/README.md", "index.md"]
    assert set(PAGES) - {"index.md"} == listed & set(PAGES)


def test_every_page_is_in_the_navigation_of_the_site():
    """The site would be built without it, and nobody would find the page."""
    configuration = (ROOT / "zensical.toml").read_text(encoding="utf-8")

    assert sorted(re.findall(r'= "([^"]+\.md)"', configuration)) == PAGES


def test_first_architecture_takes_fifteen_lines(blocks):
    file, command, *_ = blocks("tutorials/architecture.md")

    assert file.words == ("tiny_net.py",)
    assert command.text.startswith("$ benchsuite -p tiny_net.py ")
    assert len(file.text.splitlines()) + 1 <= 15


def _anchors(text):
    """As GitHub and the site make them of headings: letters, digits, `_` and `-`, in lower case."""
    headings = [found["text"] for found in _HEADING.finditer(_BLOCK.sub("", text))]
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}
