import numpy as np
import pytest

from benchsuite.contract import EncodedImages, RaggedImages, Split
from benchsuite.data import fit_split
from benchsuite.data.batches import fitted
from benchsuite.data.images.arrays import fit_images

NOISE = np.random.default_rng(0).integers(0, 256, (7, 6, 5, 3), np.uint8)
SOURCE = Split(NOISE, np.arange(7))
INDEX = np.array([5, 0, 3, 1])


@pytest.mark.parametrize("kept", [1 << 30, 0], ids=["kept", "made anew"])
@pytest.mark.parametrize("shape", [(6, 5, 3), (12, 4, 3), (6, 5, 1)])
def test_fitted_images_are_those_of_the_index_at_the_networks_size(monkeypatch, shape, kept):
    monkeypatch.setattr(fitted, "_CACHED_BYTES", kept)
    part = fit_split(SOURCE, INDEX, shape)
    expected = fit_images(NOISE[INDEX], shape)
    assert part.images.shape == (4, *shape)
    assert part.labels.tolist() == INDEX.tolist()
    for positions in (slice(1, 3), np.array([3, 0, 3]), slice(None), np.array([], np.int64)):
        np.testing.assert_array_equal(part.images[positions], expected[positions])


def test_fitted_images_are_resized_once_and_only_where_asked_for(monkeypatch):
    seen = []

    def fit(images, shape):
        seen.append(len(images))
        return fit_images(images, shape)

    monkeypatch.setattr(fitted, "fit_images", fit)
    images = fit_split(SOURCE, INDEX, (3, 3, 3)).images
    for positions in (np.array([1, 2]), np.array([2, 2, 3]), slice(1, 4)):
        images[positions]
    assert seen == [2, 1]


def test_fitted_images_are_copies():
    images = fit_split(SOURCE, INDEX, (6, 5, 3)).images
    images[:][...] = 0
    np.testing.assert_array_equal(images[:], NOISE[INDEX])


def test_fitted_images_of_various_sizes_become_one():
    ragged = Split(RaggedImages((NOISE[0], NOISE[1, :3], NOISE[2, :, :2])), np.arange(3))
    images = fit_split(ragged, np.array([2, 1]), (4, 4, 3)).images
    np.testing.assert_array_equal(images[:1], fit_images(NOISE[2:3, :, :2], (4, 4, 3)))
    np.testing.assert_array_equal(images[1:], fit_images(NOISE[1:2, :3], (4, 4, 3)))
    (originals,) = images.originals()
    assert [array.shape for array in originals.arrays] == [(6, 2, 3), (3, 5, 3)]


def test_originals_come_in_the_order_of_the_index(monkeypatch):
    monkeypatch.setattr(fitted, "_CHUNK", 3)
    found = list(fit_split(SOURCE, INDEX, (2, 2, 3)).images.originals())
    assert [len(array) for array in found] == [3, 1]
    np.testing.assert_array_equal(np.concatenate(found), NOISE[INDEX])


@pytest.fixture
def encoded(tmp_path):
    """A function that makes a source of so many images, of which there are only names."""

    def make(count):
        paths, spans = np.array([b"nowhere"] * count), np.zeros((count, 2), np.int64)
        digests = np.arange(count, dtype=np.uint8)[:, np.newaxis].repeat(32, axis=1)
        images = EncodedImages(paths, spans, digests, 3, str(tmp_path / "train"))
        return Split(images, np.zeros(count, np.int64))

    return make


SHAPE = (6, 5, 3)


def test_fitted_images_of_encoded_ones_come_from_disk_where_there_is_room(encoded, monkeypatch):
    monkeypatch.setattr(fitted, "resized_once", lambda images, shape: NOISE[: len(images)])
    monkeypatch.setattr(fitted, "resize_now", None)  # would fail if called
    images = fit_split(encoded(7), INDEX, SHAPE).images
    np.testing.assert_array_equal(images[1:], NOISE[INDEX[1:]])
    (originals,) = images.originals()
    assert originals.digests[:, 0].tolist() == INDEX.tolist()


@pytest.mark.parametrize(("kept", "seen"), [(1 << 30, [[0, 3], [5]]), (0, [[0, 3, 3], [5, 0]])])
def test_fitted_images_of_encoded_ones_are_made_where_there_is_none(
    encoded, monkeypatch, kept, seen
):
    found = []

    def resize(images, shape):
        found.append(rows := images.digests[:, 0].tolist())
        return NOISE[rows]

    monkeypatch.setattr(fitted, "_CACHED_BYTES", kept)
    monkeypatch.setattr(fitted, "resized_once", lambda images, shape: None)
    monkeypatch.setattr(fitted, "resize_now", resize)
    images = fit_split(encoded(7), INDEX, SHAPE).images
    np.testing.assert_array_equal(images[np.array([1, 2, 2])], NOISE[[0, 3, 3]])
    np.testing.assert_array_equal(images[:2], NOISE[[5, 0]])
    assert found == seen


@pytest.mark.parametrize(("few", "count", "all_made"), [(0, 4, 0), (0, 5, 1), (1000, 4, 1)])
def test_fitted_images_of_a_small_share_do_not_make_all(encoded, monkeypatch, few, count, all_made):
    made = []
    monkeypatch.setattr("benchsuite.data.images.decoder_pool._FEW_IMAGES", few)
    monkeypatch.setattr(fitted, "resized_once", lambda images, shape: made.append(len(images)))
    fit_split(encoded(100), np.arange(count), SHAPE)
    assert made == [100] * all_made
