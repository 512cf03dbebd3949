"""The README is short; llms.txt and CITATION.cff are valid and true."""

import re
from pathlib import Path

import pytest
import yaml

import benchsuite

ROOT = Path(__file__).parent.parent.parent
_LINE_OF_LINK = re.compile(r"- \[(?P<name>[^]]+)\]\((?P<path>[^)]+)\)(: .+)?")


def _text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def _prose(text):
    """A page's words without code blocks, tables and the targets of links."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = [line for line in text.splitlines() if not line.startswith(("    ", "|"))]
    return re.findall(r"\S*\w\S*", re.sub(r"\]\([^)]*\)", "]", "\n".join(lines)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# One `two` [three](not/this/one)\n\n    no code\n\n- four\n", 4),
        ("```sh\nno code\n```\nand\n\n| no | table |\n|---|---|\n", 1),
    ],
)
def test_words_of_prose_are_counted(text, words):
    assert len(_prose(text)) == words


def test_readme_has_at_most_700_words_of_prose():
    assert 200 < len(_prose(_text("README.md"))) <= 700


def test_figures_of_the_readme_are_those_of_the_results():
    """Every interval and every accuracy in the README's table stands in the run's own table."""
    rows = re.findall(r"^\| .*\| (?:different|) *\|$", _text("README.md"), re.MULTILINE)
    result = re.sub(r"[*\s]+", " ", _text("results/mnist/table.txt"))

    assert len(rows) == 8
    for row in rows:
        *_, torch, keras, ratio, _verdict = [cell.strip() for cell in row.strip("|").split("|")]
        for figure in (torch, keras):
            assert figure.replace(" ± ", " ±") in result, figure
        assert not ratio or f"keras-tensorflow / torch {ratio}, different" in result, ratio


def test_llms_txt_has_the_form_of_llmstxt_org():
    """A title, a summary, details, then sections that hold nothing but a list of links."""
    head, *sections = re.split(r"^## ", _text("llms.txt"), flags=re.MULTILINE)
    title, summary = head.split("\n\n")[:2]

    assert title == "# benchsuite"
    assert summary.startswith("> ")
    assert sections
    for section in sections:
        name, *lines = section.strip().splitlines()
        assert name
        assert [line for line in lines if line and not _LINE_OF_LINK.fullmatch(line)] == []


def test_links_of_llms_txt_lead_to_files():
    links = [found["path"] for found in _LINE_OF_LINK.finditer(_text("llms.txt"))]

    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_llms_txt_names_every_tutorial():
    pages = {str(p.relative_to(ROOT)) for p in (ROOT / "docs" / "tutorials").glob("*.md")}

    assert pages <= {found["path"] for found in _LINE_OF_LINK.finditer(_text("llms.txt"))}


def test_citation_is_valid():
    """The keys that version 1.2.0 of the format requires, and facts of this package."""
    citation = yaml.safe_load(_text("CITATION.cff"))

    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    assert citation["type"] == "software"
    assert citation["authors"] == [{"name": "benchsuite contributors"}]
    assert citation["version"] == benchsuite.__version__
    assert citation["license"] == "Apache-2.0"
    assert not {"doi", "identifiers"} & citation.keys()
