"""What is kept of files: once, whole, and as long as they are the same."""

import os

import numpy as np
import PIL
import pytest

from benchsuite.data.images.cache import ImageFacts, cached_dataset, one_path
from benchsuite.errors import UsageError

IMAGES = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
FACTS = ImageFacts("mine", ["cat", "dog"], ["c.png: broken"])


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCHSUITE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "images"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"image")
    return path


def write(part):
    np.save(part.pixels, IMAGES)
    part.write(labels=np.array([1, 0]))


@pytest.fixture
def inspect():
    """Finds two images, and counts how often it was asked."""

    def find(parts):
        find.asked += 1
        write(parts["train"])
        return FACTS

    find.asked = 0
    return find


def test_cached_dataset_inspects_once(file, inspect):
    for _ in range(2):
        found = cached_dataset([file], inspect)
        np.testing.assert_array_equal(found.train.images, IMAGES)
        assert found.train.labels.tolist() == [1, 0]
        assert (found.name, found.class_names, found.test) == ("mine", ("cat", "dog"), None)
        assert found.problems == ("c.png: broken",)
    assert inspect.asked == 1


def test_cached_dataset_reads_the_test_split(file):
    def find(parts):
        write(parts["train"])
        write(parts["test"])
        return FACTS

    assert cached_dataset([file], find).test.labels.tolist() == [1, 0]


def write_in_the_same_instant(file, _):
    about = file.stat()
    file.write_bytes(b"another image")
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))


@pytest.mark.parametrize(
    "change",
    [
        write_in_the_same_instant,
        lambda file, _: os.utime(file, (1, 1)),
        lambda _, patch: patch.setattr(PIL, "__version__", "0.1"),
        lambda _, patch: patch.setattr("benchsuite.data.images.cache._VERSION", 0),
    ],
)
def test_cached_dataset_inspects_again_where_something_changed(file, inspect, monkeypatch, change):
    cached_dataset([file], inspect)
    change(file, monkeypatch)
    cached_dataset([file], inspect)
    assert inspect.asked == 2


def test_cached_dataset_gives_way_to_another_process(file, inspect, cache):
    def slow(parts):
        if inspect.asked == 0:
            cached_dataset([file], inspect)
        return inspect(parts)

    found = cached_dataset([file], slow)
    assert inspect.asked == 2
    assert len(list(cache.iterdir())) == 1
    np.testing.assert_array_equal(found.train.images, IMAGES)


def test_cached_dataset_leaves_nothing_of_what_failed(file, cache):
    def fail(parts):
        write(parts["train"])
        raise UsageError("no")

    with pytest.raises(UsageError, match="no"):
        cached_dataset([file], fail)
    assert not list(cache.iterdir())


def test_cached_dataset_says_that_the_cache_cannot_be_written(file, inspect, cache):
    cache.parent.mkdir()
    cache.write_text("in the way")
    with pytest.raises(UsageError, match=r"images' cannot be written: .*; make room there, or set"):
        cached_dataset([file], inspect)


ENCODED = {
    "spans": np.array([(0, 3), (3, 4)]),
    "digests": np.arange(64, dtype=np.uint8).reshape(2, 32),
    "channels": 3,
}


@pytest.mark.parametrize("is_packed", [True, False])
def test_cached_dataset_gives_encoded_images_the_paths_that_last(file, cache, is_packed):
    def find(parts):
        part = parts["train"]
        if is_packed:
            part.packed.write_bytes(b"catfish")
        paths = one_path(part.packed, 2) if is_packed else np.array([b"/a.png", b"/deep/b.png"])
        part.write(paths=paths, **ENCODED)
        part.write(labels=np.array([1, 0]))
        return FACTS

    images = cached_dataset([file], find).train.images
    (folder,) = cache.iterdir()
    own = [b"/a.png", b"/deep/b.png"]
    assert images.paths.tolist() == (
        [os.fsencode(folder / "train-packed")] * 2 if is_packed else own
    )
    assert (folder / "train-paths.npy").exists() != is_packed  # the packed file has moved since
    np.testing.assert_array_equal(images.spans, ENCODED["spans"])
    np.testing.assert_array_equal(images.digests, ENCODED["digests"])
    assert (images.channels, images.cache_stem) == (3, str(folder / "train"))
