import pytest

from benchsuite.report.leaderboard.markdown import escaped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("resnet18_cifar", r"resnet18\_cifar"),
        ("a | b\nc", r"a \| b c"),
        ("<img src=x>", r"\<img src=x\>"),
        ("[x](http://y)", r"\[x\](http\://y)"),
        ("`**~x~**`", r"\`\*\*\~x\~\*\*\`"),
        ("\\|", r"\\\|"),
        ("fixes #1", r"fixes \#1"),
        ("@everyone", "@\u200beveryone"),
        (0.5, "0.5"),
    ],
)
def test_text_is_shown_as_it_is(text, shown):
    assert escaped(text) == shown
