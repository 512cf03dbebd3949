from pathlib import Path

import pytest

from benchsuite.errors import UsageError
from benchsuite.toml import parse_assignment, read_toml


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lr=0.1", ("lr", 0.1)),
        ("epochs = 3", ("epochs", 3)),
        ("nesterov=true", ("nesterov", True)),
        ('augmentation=["flip", "crop"]', ("augmentation", ["flip", "crop"])),
        ("schedule=cosine", ("schedule", "cosine")),
        ("name=a=b", ("name", "a=b")),
    ],
)
def test_parse_assignment_reads_toml_or_else_text(text, expected):
    assert parse_assignment(text) == expected


@pytest.mark.parametrize("text", ["lr", "=3", ""])
def test_parse_assignment_refuses_what_is_none(text):
    with pytest.raises(UsageError, match=f"expected name=value, such as lr=0.1, got '{text}'"):
        parse_assignment(text)


def test_read_toml_finds_the_home_folder_that_a_record_names(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "recipe.toml").write_text("lr = 0.5")
    assert read_toml(Path("~/recipe.toml"), "recipe") == {"lr": 0.5}
