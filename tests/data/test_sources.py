import numpy as np
import pytest

from benchsuite.contract import Dataset, Split
from benchsuite.data.sources import find_source, load_source
from benchsuite.errors import UnknownNameError, UsageError
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


def test_find_source_parts_the_name_from_its_argument(datasets):
    entry, argument = find_source("folder:/some:where", datasets)
    assert (entry.name, argument) == ("folder", "/some:where")
    assert find_source("plain", datasets)[1] == ""


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ("folder", UsageError, "'folder' needs a PATH: write folder:PATH"),
        ("folder:", UsageError, "needs a PATH"),
        ("plain:x", UsageError, "'plain' takes nothing behind its name, got 'plain:x'"),
        ("foldr:x", UnknownNameError, "Did you mean 'folder'"),
    ],
)
def test_find_source_says_what_is_wrong(datasets, asked, error, said):
    with pytest.raises(error, match=said):
        find_source(asked, datasets)


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
