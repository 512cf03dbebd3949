"""A few changed files of every kind, and all that ever broke a reader."""

from pathlib import Path
from random import Random

import pytest
from fuzz.formats import BY_NAME, FORMATS
from fuzz.mutations import mutate

from benchsuite.errors import BenchsuiteError

FINDINGS = sorted((Path(__file__).parent / "findings").glob("*.bin"))


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """Readers change it themselves."""
    monkeypatch.setenv("BENCHSUITE_CACHE", str(tmp_path / "cache"))


def read(form, content, folder):
    """A result, or the error that was raised on purpose."""
    path = folder / form.file
    path.write_bytes(content)
    try:
        return form.read(path)
    except BenchsuiteError as error:
        return error


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_sound_file_is_read(tmp_path, form):
    assert not isinstance(read(form, form.pack(form.example()), tmp_path), BenchsuiteError)


@pytest.mark.filterwarnings("ignore")  # libraries warn of broken files
@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_changed_file_is_read_or_refused(tmp_path, form):
    for seed in range(20):
        random = Random(f"{form.name}:{seed}")
        read(form, form.pack(mutate(form.example(), random)), tmp_path)


@pytest.mark.filterwarnings("ignore")  # likewise
@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: path.stem)
def test_what_broke_a_reader_is_read_or_refused(tmp_path, path):
    """Named for its format, and what it did."""
    form = BY_NAME[path.stem.rpartition(".")[0]]
    read(form, path.read_bytes(), tmp_path)
