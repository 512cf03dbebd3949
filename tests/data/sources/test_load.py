import numpy as np
import pytest

from benchsuite.contract import Dataset, Split
from benchsuite.data.prepare import load_source
from benchsuite.errors import UsageError
from benchsuite.hooks import Entry, Registry, Target

PART = Split(np.zeros((2, 1, 1, 1), np.uint8), np.arange(2))
ASKED = []


def load_plain():
    return Dataset("plain", PART, ("a", "b"))


def load_path(path):
    ASKED.append(path)
    return Dataset("path", PART, ("a", "b"), problems=tuple(f"{n}.png: cut" for n in range(7)))


@pytest.fixture
def datasets():
    ASKED.clear()
    targets = {
        "plain": Target(f"{__name__}:load_plain", ""),
        "folder": Target(f"{__name__}:load_path", "", argument="PATH"),
    }
    return Registry("dataset", [Entry("dataset", n, t, "me") for n, t in targets.items()])


def test_load_source_gives_the_argument_to_the_loader(datasets):
    assert load_source("plain", datasets).name == "plain"
    assert load_source("folder:/x", datasets, skip_bad=True).name == "path"
    assert ASKED == ["/x"]


def test_load_source_stops_at_images_that_cannot_be_read(datasets):
    with pytest.raises(UsageError) as caught:
        load_source("folder:/x", datasets)
    assert "'folder:/x' has 7 images that cannot be used: 0.png: cut; " in str(caught.value)
    assert "4.png: cut; and 2 more: mend" in str(caught.value)
    assert "--bad-images skip" in str(caught.value)


def test_load_source_finds_the_home_folder_that_a_record_names(datasets, monkeypatch):
    monkeypatch.setenv("HOME", "/home/alice")
    load_source("folder:~/pictures", datasets, skip_bad=True)
    assert ASKED == ["/home/alice/pictures"]
