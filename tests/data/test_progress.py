import sys

import pytest

from benchsuite.terminal import shown


@pytest.mark.parametrize("terminal", [True, False])
def test_shown_items_are_the_same_with_a_bar_or_without(monkeypatch, capsys, terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setenv("TERM", "xterm")
    assert list(shown("looking at images", iter([3, 1, 2]), 3)) == [3, 1, 2]
    output = capsys.readouterr()
    assert output.out == ""
    assert ("looking at images" in output.err) == terminal
