"""Any bytes are a file of every kind, or an error that was raised on purpose."""

import tracemalloc
from random import Random

import pytest
from fuzz.formats import FORMATS
from fuzz.mutations import mutate
from hypothesis import given
from hypothesis import strategies as st

from benchsuite.data.sources.pickles import read_pickle
from benchsuite.errors import BenchsuiteError

#: For files of some kilobytes; a decoded image may take more, and is not counted here.
_MOST_BYTES = 64 << 20


def read(form, content, folder):
    path = folder / form.file
    path.write_bytes(content)
    tracemalloc.start()
    try:
        return form.read(path)
    except BenchsuiteError as error:
        return error
    finally:
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert used < _MOST_BYTES


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """Readers change it themselves."""
    monkeypatch.setenv("BENCHSUITE_CACHE", str(tmp_path / "cache"))


#: The page and all views of a run take seconds under a count of memory: the fuzzer reads them.
LIGHT = [form for form in FORMATS if form.name not in ("record.json", "run.json")]
LIGHT = [form for form in LIGHT if not form.name.startswith("beside")]


@pytest.mark.filterwarnings("ignore")  # libraries warn of broken files
@pytest.mark.parametrize("form", LIGHT, ids=lambda form: form.name)
@given(content=st.binary(max_size=300))
def test_any_bytes_are_a_file_or_an_error(tmp_path, form, content):
    read(form, content, tmp_path)
    read(form, form.pack(content), tmp_path)


@pytest.mark.filterwarnings("ignore")  # likewise
@pytest.mark.parametrize("form", LIGHT, ids=lambda form: form.name)
@given(seed=st.integers(0, 1 << 32))
def test_a_changed_file_is_one_or_an_error(tmp_path, form, seed):
    read(form, form.pack(mutate(form.example(), Random(seed))), tmp_path)


@given(content=st.binary(max_size=300))
def test_any_bytes_are_a_pickle_of_arrays_or_an_error(outcome, content):
    for raw in (content, b"\x80\x02" + content + b"."):
        found = outcome(read_pickle, raw, "part")
        assert isinstance(found, dict) or "'part'" in str(found)
