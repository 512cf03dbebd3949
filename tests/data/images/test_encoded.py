"""Images of every mode as bytes, and what is said of those that cannot be read."""

import io
import os
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from benchsuite.contract import EncodedImages
from benchsuite.data.images.encoded import decode, read_image, read_images
from benchsuite.errors import UsageError

NOISE = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)


def encoded(image, form="PNG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def test_decode_gives_colours_as_they_are():
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(NOISE))), NOISE)


def test_decode_gives_gray_one_channel():
    found = decode(encoded(Image.fromarray(NOISE[..., 0])))
    np.testing.assert_array_equal(found, NOISE[..., :1])


def test_decode_reads_jpeg_nearly():
    smooth = np.linspace(0, 255, 64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8)
    found = decode(encoded(Image.fromarray(smooth), "JPEG", quality=95))
    assert np.abs(found.astype(int) - smooth).mean() < 4


def test_decode_scales_sixteen_bits():
    wide = np.array([[0, 257, 65535], [128 * 257, 1, 300]], np.uint16)
    found = decode(encoded(Image.fromarray(wide)))
    np.testing.assert_array_equal(found[..., 0], [[0, 1, 255], [128, 0, 1]])


def test_decode_drops_alpha():
    alpha = np.concatenate([NOISE, NOISE[..., :1]], axis=2)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(alpha))), NOISE)


@pytest.mark.parametrize("mode", ["P", "CMYK", "1"])
def test_decode_turns_other_modes_into_what_networks_take(mode):
    image = Image.fromarray(NOISE).convert(mode)
    form = "PNG" if mode in ("P", "1") else "TIFF"
    found = decode(encoded(image, form))
    expected = np.asarray(image.convert("L" if mode == "1" else "RGB"))
    np.testing.assert_array_equal(found, expected.reshape(found.shape))
    assert found.shape == (6, 5, 1 if mode == "1" else 3)


def test_decode_takes_an_animations_first_frame():
    frames = [Image.fromarray(np.full((4, 4), value, np.uint8)) for value in (10, 200)]
    raw = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode(raw).max() == 10


WHOLE = encoded(Image.fromarray(NOISE))


@pytest.mark.parametrize("content", [b"", b"not an image", WHOLE[:-30]])
def test_decode_refuses_what_is_no_whole_image(content):
    with pytest.raises(ValueError, match=r"\w"):
        decode(content)


def test_decode_says_nothing_that_differs_from_time_to_time():
    with pytest.raises(ValueError, match=r"^no image of a kind that Pillow reads$"):
        decode(b"not an image")


def test_decode_names_whatever_a_decoder_raises(monkeypatch):
    monkeypatch.setattr("benchsuite.data.images.encoded._as_array", {}.__getitem__)
    with pytest.raises(ValueError, match="PngImageFile"):
        decode(WHOLE)


@pytest.fixture
def packed(tmp_path):
    """Two images that lie in one file, and its path."""
    gray = encoded(Image.fromarray(NOISE[:3, :, 0]))
    path = tmp_path / "both"
    path.write_bytes(WHOLE + gray)
    spans = np.array([(0, len(WHOLE)), (len(WHOLE), len(gray))])
    digests = np.arange(64, dtype=np.uint8).reshape(2, 32)
    paths = np.array([os.fsencode(path)] * 2)
    return EncodedImages(paths, spans, digests, 3, str(tmp_path / "kept" / "train")), path


def test_read_images_makes_gray_images_among_colours_rgb(packed):
    first, second = read_images(packed[0])
    np.testing.assert_array_equal(first, NOISE)
    np.testing.assert_array_equal(second, np.repeat(NOISE[:3, :, :1], 3, axis=2))


def test_read_image_reads_no_more_than_its_span(packed):
    images, path = packed
    with pytest.raises(ValueError, match="truncated"):
        read_image(os.fsencode(path), images.spans[0] - (0, 30))


def test_taken_images_are_those_of_the_rows(packed):
    taken = packed[0].take(np.array([1, 0, 1]))
    assert [len(image) for image in read_images(taken)] == [3, 6, 3]
    assert taken.digests[:, 0].tolist() == [32, 0, 32]


def test_read_images_says_what_to_do_about_a_file_that_changed(packed):
    images, path = packed
    path.write_bytes(WHOLE)
    with pytest.raises(
        UsageError, match=rf"image at byte {len(WHOLE)} of '.*both' was whole .*kept'"
    ):
        list(read_images(images))
    path.unlink()
    with pytest.raises(UsageError, match="No such file"):
        list(read_images(images))


def png_of(width, height):
    """A PNG that says that it is of this size, in some bytes."""

    def chunk(kind, content):
        whole = kind + content
        return struct.pack(">I", len(content)) + whole + struct.pack(">I", zlib.crc32(whole))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", size), chunk(b"IDAT", zlib.compress(b"")), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("size", [(8193, 8192), (10_000, 9_000), (1 << 31, 1), (60_000, 60_000)])
def test_decode_refuses_more_pixels_than_it_has_memory_for(size):
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"pixels|too large|exceeds|Truncated|truncated"):
        decode(png_of(*size))
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_decode_says_how_many_pixels_are_too_many():
    with pytest.raises(ValueError, match="8193×8192 pixels are more than 67,108,864"):
        decode(png_of(8193, 8192))


@pytest.mark.parametrize("form", ["ICO", "TGA", "PCX", "SGI", "PDF", "EPS"])
def test_decode_refuses_formats_that_nobody_asked_for(form):
    """For one of them, Pillow starts Ghostscript."""
    with pytest.raises(ValueError, match="no image of a kind"):
        decode(encoded(Image.fromarray(NOISE), form))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM"])
def test_decode_reads_the_formats_that_are_documented(form):
    assert decode(encoded(Image.fromarray(NOISE), form)).shape == (6, 5, 3)


def test_decode_refuses_texts_that_unpack_without_end():
    facts = PngInfo()
    facts.add_text("comment", "x" * (1 << 27), zip=True)
    content = encoded(Image.fromarray(NOISE), pnginfo=facts)
    assert len(content) < 1 << 20
    with pytest.raises(ValueError, match="too large"):
        decode(content)


def test_read_image_waits_for_no_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not an ordinary file"):
        read_image(os.fsencode(tmp_path / "pipe"), np.array([0, 10]))


def test_read_image_reads_nothing_that_is_far_too_large(tmp_path):
    with pytest.raises(ValueError, match="are the most"):
        read_image(os.fsencode(tmp_path / "none"), np.array([0, 1 << 40]))
