"""What is found at the first inspection of encoded images, by one process or several."""

import io
import os

import numpy as np
import pytest
from PIL import Image

from benchsuite.contract import EncodedImages
from benchsuite.data.digests import digest_image
from benchsuite.data.images import decoder_pool as decoders
from benchsuite.data.images import inspection
from benchsuite.data.images.cache import CachedPart
from benchsuite.data.images.encoded import read_images
from benchsuite.data.images.inspection import Encoded, inspect
from benchsuite.errors import UsageError

NOISE = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)


def encoded(array):
    file = io.BytesIO()
    Image.fromarray(array.squeeze()).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def inspected(tmp_path):
    """A function that looks at images or raw bytes, and returns what was kept and what is wrong."""

    def find(images, labels=None, classes=1):
        contents = [each if isinstance(each, bytes) else encoded(each) for each in images]
        paths = []
        for number, content in enumerate(contents):
            paths.append(os.fsencode(tmp_path / f"{number:03}.png"))
            (tmp_path / f"{number:03}.png").write_bytes(content)
        spans = np.array([(0, len(content)) for content in contents], np.int64).reshape(-1, 2)
        names = [f"image {number}" for number in range(len(contents))]
        chosen = np.zeros(len(contents), np.int64) if labels is None else np.array(labels)
        part = CachedPart(str(tmp_path / "train"))
        problems = inspect(Encoded(np.array(paths, "S"), spans, chosen, names), classes, part)
        return part.read(), problems

    return find


def test_inspect_keeps_the_pixels_of_images_of_one_shape(inspected, tmp_path):
    found, problems = inspected([NOISE, NOISE[::-1]], [1, 0], classes=2)
    np.testing.assert_array_equal(found.images, [NOISE, NOISE[::-1]])
    assert found.labels.tolist() == [1, 0]
    assert problems == ()
    assert {path.name for path in tmp_path.glob("train*")} == {
        "train-images.npy",
        "train-labels.npy",
    }


BROKEN = encoded(NOISE)[:-30]


def test_inspect_names_what_it_leaves_out(inspected, tmp_path):
    images = [BROKEN, NOISE, NOISE + 1, BROKEN, NOISE + 2, NOISE, b""]
    found, problems = inspected(images, [0, 1, 7, 0, 0, -1, 0], classes=2)
    np.testing.assert_array_equal(found.images, [NOISE, NOISE + 2])
    assert found.labels.tolist() == [1, 0]
    assert [line.partition(": ")[0] for line in problems] == [f"image {n}" for n in (0, 2, 3, 5, 6)]
    assert problems[1] == "image 2: label 7 of 2 classes"
    assert problems[3] == "image 5: label -1 of 2 classes"
    assert len(list(tmp_path.glob("train*"))) == 2


@pytest.mark.parametrize("first", [NOISE, NOISE[:3]])
def test_inspect_leaves_images_of_various_sizes_where_they_are(inspected, first, tmp_path):
    found, problems = inspected([first, NOISE, b"", NOISE[:4]])
    assert isinstance(found.images, EncodedImages)
    pixels = list(read_images(found.images))
    assert [image.shape for image in pixels] == [first.shape, (6, 5, 3), (4, 5, 3)]
    expected = [np.frombuffer(digest_image(image), np.uint8) for image in pixels]
    np.testing.assert_array_equal(found.images.digests, expected)
    assert len(problems) == 1
    assert not (tmp_path / "train-images.npy").exists()


@pytest.mark.parametrize("gray_first", [True, False])
def test_inspect_makes_gray_images_among_colours_rgb(inspected, gray_first):
    found, _ = inspected([NOISE[..., :1], NOISE] if gray_first else [NOISE, NOISE[..., :1]])
    images = list(read_images(found.images))
    repeated = np.repeat(NOISE[..., :1], 3, axis=2)
    np.testing.assert_array_equal(images, [repeated, NOISE] if gray_first else [NOISE, repeated])
    expected = [np.frombuffer(digest_image(image), np.uint8) for image in images]
    np.testing.assert_array_equal(found.images.digests, expected)


def test_inspect_leaves_gray_images_gray(inspected):
    found, _ = inspected([NOISE[..., :1], NOISE[:3, :, :1]])
    pixels = list(read_images(found.images))
    assert [image.shape for image in pixels] == [(6, 5, 1), (3, 5, 1)]
    expected = [np.frombuffer(digest_image(image), np.uint8) for image in pixels]
    np.testing.assert_array_equal(found.images.digests, expected)


def test_inspect_keeps_no_pixels_beyond_the_room(inspected, monkeypatch):
    monkeypatch.setattr(inspection, "_CACHED_BYTES", 2 * NOISE.nbytes)
    assert isinstance(inspected([NOISE, NOISE])[0].images, np.ndarray)
    assert isinstance(inspected([NOISE, NOISE, NOISE])[0].images, EncodedImages)


def test_inspect_finds_the_same_by_several_processes(inspected, tmp_path, monkeypatch):
    def everything(count):
        monkeypatch.setattr(decoders, "_FEW_IMAGES", 0)
        monkeypatch.setattr(decoders, "decoder_count", lambda: count)
        monkeypatch.setattr(inspection, "_CHUNK", 3)
        problems = [inspected(images)[1] for images in (various, alike)]
        return problems, {path.name: path.read_bytes() for path in tmp_path.glob("train*")}

    alike = [NOISE + number if number % 5 else BROKEN for number in range(10)]
    various = [*alike, NOISE[:2], NOISE[..., :1]]
    assert everything(1) == everything(3)


@pytest.mark.parametrize(("images", "said"), [([], "there are none"), ([b""], "image 0: no image")])
def test_inspect_refuses_nothing(inspected, images, said):
    with pytest.raises(UsageError, match=f"not one image can be read: {said}"):
        inspected(images)
