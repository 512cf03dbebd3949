from pathlib import Path

import pytest

from benchsuite.privacy import home_as_tilde, redacted, without_credentials


@pytest.fixture(autouse=True)
def home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/alice")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/alice", "~"),
        ('File "/home/alice/x.py", line 3', 'File "~/x.py", line 3'),
        ("imagefolder:/home/alice/pictures", "imagefolder:~/pictures"),
        ("/home/alice. And more", "~. And more"),
        ("/home/alicent/x", "/home/alicent/x"),
        ("/home/alice-2", "/home/alice-2"),
        ("/mnt/home/alice", "/mnt/home/alice"),
    ],
)
def test_the_home_folder_is_a_tilde(text, expected):
    assert home_as_tilde(text) == expected


@pytest.mark.parametrize("home", ["/", None])
def test_a_home_that_says_nothing_is_left(monkeypatch, home):
    if home is None:
        monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("none")))
    else:
        monkeypatch.setenv("HOME", home)
    assert home_as_tilde("/usr/lib") == "/usr/lib"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://alice:secret@host/x?y=a@b", "https://host/x?y=a@b"),
        ("from https://token@host, https://a:b@c", "from https://host, https://c"),
        ("https://host/alice@home", "https://host/alice@home"),
        ("alice@host", "alice@host"),
    ],
)
def test_addresses_lose_their_passwords(text, expected):
    assert without_credentials(text) == expected


def test_redacted_leaves_out_both():
    assert redacted("/home/alice https://a:b@c") == "~ https://c"
