"""Encoded images at the network's size: the same bytes, kept or made anew, by any number."""

import io
import os

import numpy as np
import pytest
from PIL import Image

from benchsuite.contract import EncodedImages
from benchsuite.data.images import decoder_pool as decoders
from benchsuite.data.images import resized
from benchsuite.data.images.arrays import fit_images
from benchsuite.data.images.decoder_pool import Decoders
from benchsuite.data.images.resized import resize_now, resized_once
from benchsuite.errors import UsageError

NOISE = np.random.default_rng(0).integers(0, 256, (10, 9, 8, 3), np.uint8)
SHAPE = (6, 5, 3)
EXPECTED = np.concatenate([fit_images(NOISE[i : i + 1, i % 4 :], SHAPE) for i in range(10)])


@pytest.fixture
def images(tmp_path):
    """Ten of them, of four sizes, packed into one file."""
    contents = []
    for number, image in enumerate(NOISE):
        file = io.BytesIO()
        Image.fromarray(image[number % 4 :]).save(file, "PNG")
        contents.append(file.getvalue())
    (tmp_path / "packed").write_bytes(b"".join(contents))
    sizes = np.array([len(content) for content in contents])
    spans = np.stack([np.cumsum(sizes) - sizes, sizes], axis=1)
    paths = np.array([os.fsencode(tmp_path / "packed")] * 10)
    kept = tmp_path / "kept"
    kept.mkdir()
    return EncodedImages(paths, spans, np.zeros((10, 32), np.uint8), 3, str(kept / "train"))


@pytest.fixture(params=[1, 2, 3], ids="{} processes".format)
def processes(request, monkeypatch):
    """So many, however few the images are."""
    pool = Decoders(request.param)
    monkeypatch.setattr(decoders, "_FEW_IMAGES", 0)
    monkeypatch.setattr(decoders, "decoder_count", lambda: request.param)
    monkeypatch.setattr(resized, "shared_decoders", lambda: pool)
    monkeypatch.setattr(resized, "_CHUNK", 3)
    yield request.param
    pool.close()


def test_resize_now_makes_the_same_bytes_by_any_number_of_processes(images, processes):
    np.testing.assert_array_equal(resize_now(images, SHAPE), EXPECTED)
    rows = np.array([7, 0, 7])
    np.testing.assert_array_equal(resize_now(images.take(rows), SHAPE), EXPECTED[rows])
    assert resize_now(images.take(rows[:0]), SHAPE).shape == (0, *SHAPE)


def test_resized_once_makes_the_same_bytes_by_any_number_of_processes(images, processes):
    np.testing.assert_array_equal(resized_once(images, SHAPE), EXPECTED)


def test_resized_once_makes_each_size_once(images, monkeypatch):
    first = resized_once(images, SHAPE)
    other = resized_once(images, (4, 4, 1))
    monkeypatch.setattr(resized, "read_images", None)  # would fail if called
    np.testing.assert_array_equal(resized_once(images, SHAPE), first)
    np.testing.assert_array_equal(resized_once(images, (4, 4, 1)), other)
    assert other.shape == (10, 4, 4, 1)


def test_resized_once_keeps_nothing_beyond_the_room(images, monkeypatch, tmp_path):
    monkeypatch.setattr(resized, "_CACHED_BYTES", EXPECTED.nbytes - 1)
    assert resized_once(images, SHAPE) is None
    assert not list((tmp_path / "kept").iterdir())


def test_resized_once_leaves_nothing_of_what_failed(images, tmp_path):
    (tmp_path / "packed").write_bytes(b"")
    with pytest.raises(UsageError, match="was whole when it was first read"):
        resized_once(images, SHAPE)
    assert not list((tmp_path / "kept").iterdir())


def test_resized_once_says_that_it_cannot_be_written(images, tmp_path):
    (tmp_path / "kept").rmdir()
    with pytest.raises(UsageError, match=r"train-6x5x3\.npy' cannot be written: .*make room there"):
        resized_once(images, SHAPE)
