import pytest

from benchsuite.names import as_file_name, readable, readable_line


@pytest.mark.parametrize(
    "name", ["lenet5.torch.cpu.fp32.0.1a2b3c4d", "timm-vit.b_16+x y", "größe", "x" * 180]
)
def test_ordinary_names_are_file_names(name):
    assert as_file_name(name) == name


STRANGE = [
    *("", ".", "..", "../../up", "/etc/passwd", "a/b", "a\\b", "C:x", ".hidden"),
    *("a\0b", "a\nb", "\x1b[31m", "a\u202eb", "\ud800", "x" * 181, "é" * 120, "a*b"),
]


@pytest.mark.parametrize("name", STRANGE)
def test_strange_names_stay_in_their_folder(tmp_path, name):
    made = as_file_name(name)
    path = tmp_path / f"{made}.json"
    path.write_text("content")
    assert path.resolve().parent == tmp_path
    assert made.isprintable()
    assert not made.startswith(".")
    assert len(made.encode()) < 220


def test_no_two_names_become_one():
    names = [*STRANGE, "a-b", "a.b", "..-up", *map(as_file_name, STRANGE)]
    assert len({as_file_name(name) for name in names}) == len(set(names))


def test_readable_spells_out_what_a_terminal_would_do():
    said = readable("\x1b]0;title\x07 red\r \x9b1m \x7f \u202eevil \ud800")
    assert said == r"\u001b]0;title\u0007 red\u000d \u009b1m \u007f \u202eevil \ud800"


def test_readable_leaves_text_alone():
    text = "größe × 2\n\tüber\u200b @name — 日本 🙂"
    assert readable(text) == text


def test_readable_line_is_one_line():
    assert readable_line("one\n\ttwo\u2028three") == r"one\u000a\u0009two\u2028three"
