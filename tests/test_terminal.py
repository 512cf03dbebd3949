import io

from rich.table import Table
from rich.text import Text

from benchsuite.terminal import console


def printed(renderable, **options):
    file = io.StringIO()
    console(file=file, width=90, **options).print(renderable)
    return file.getvalue()


def test_console_spells_out_control_characters_wherever_they_are():
    table = Table()
    table.add_column("\x1b[31mname")
    table.add_row(Text("\x1b]0;gone\x07"))
    found = printed(table) + printed("\x9b2J\r") + printed(Text("\x1b[31m"))
    assert not {"\x1b", "\x07", "\x9b", "\r"} & set(found)
    assert r"\u009b2J" in found


def test_console_reads_no_markup():
    text = "[bold]x[/bold] [link=file:///etc]y[/link] :bomb:"
    assert printed(text) == f"{text}\n"


def test_console_still_has_colours():
    assert "\x1b[" in printed(Text("x", "bold red"), force_terminal=True, color_system="standard")
