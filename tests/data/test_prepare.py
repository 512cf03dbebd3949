import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from benchsuite.contract import EncodedImages, RaggedImages, Split
from benchsuite.data import digest_order, prepare
from benchsuite.data.batches.stream import epoch_order, fit_normalizer
from benchsuite.data.digests import digest_arrays, digest_image
from benchsuite.data.images.cache import CachedPart, one_path
from benchsuite.data.images.inspection import Encoded, inspect
from benchsuite.errors import UsageError


def test_prepare_fits_every_part_to_the_network(make_dataset):
    data = prepare(make_dataset(test_counts=(3, 3, 3)), (12, 10, 3), seed=0)

    for part in (data.train, data.validation, data.test):
        assert part.images.shape == (len(part.labels), 12, 10, 3)
        assert part.images[:].dtype == np.uint8


def test_prepare_takes_the_normalizer_from_the_training_split_alone(make_dataset):
    data = prepare(make_dataset(), (6, 5, 1), seed=0)

    assert data.normalizer == fit_normalizer(data.train)
    assert data.normalizer != fit_normalizer(data.test)


def test_digests_are_the_same_for_the_same_request(make_dataset):
    first, again = (prepare(make_dataset(), (6, 5, 1), seed=0) for _ in range(2))

    assert (first.data_digest, first.split_digest) == (again.data_digest, again.split_digest)


def test_digests_differ_with_the_seed(make_dataset):
    first, other = (prepare(make_dataset(), (6, 5, 1), seed) for seed in (0, 1))

    assert first.split_digest != other.split_digest
    assert first.data_digest == other.data_digest, "it is the same data set"


def test_data_digest_differs_with_one_pixel(make_dataset):
    dataset = make_dataset()
    images = dataset.train.images.copy()
    images[17, 0, 0, 0] ^= 1
    changed = replace(dataset, train=Split(images, dataset.train.labels))

    first, other = (prepare(d, (6, 5, 1), seed=0) for d in (dataset, changed))

    assert first.data_digest != other.data_digest
    assert first.split_digest == other.split_digest


def test_data_digest_differs_with_the_size(make_dataset):
    first, other = (prepare(make_dataset(), (h, 5, 1), seed=0) for h in (6, 7))

    assert first.data_digest != other.data_digest
    assert first.split_digest == other.split_digest


def test_data_digest_differs_where_two_labels_are_exchanged(make_dataset):
    dataset = make_dataset(test_counts=(3, 3, 3))
    labels = dataset.test.labels.copy()
    i, j = np.flatnonzero(labels == 0)[0], np.flatnonzero(labels == 1)[0]
    labels[[i, j]] = labels[[j, i]]
    changed = replace(dataset, test=Split(dataset.test.images, labels))

    first, other = (prepare(d, (6, 5, 1), seed=0) for d in (dataset, changed))

    assert first.data_digest != other.data_digest


def each_alone(split):
    return replace(split, images=RaggedImages(tuple(split.images)))


def encoded_as_png(split, folder):
    contents = []
    for image in split.images:
        file = io.BytesIO()
        Image.fromarray(image.squeeze()).save(file, "PNG")
        contents.append(file.getvalue())
    part = CachedPart(str(folder / "train"))
    part.packed.write_bytes(b"".join(contents))
    sizes = np.array([len(content) for content in contents])
    spans = np.stack([np.cumsum(sizes) - sizes, sizes], axis=1)
    names = [""] * len(contents)
    inspect(Encoded(one_path(part.packed, len(sizes)), spans, split.labels, names), 3, part)
    return part.read()


@pytest.mark.parametrize("channels", [1, 3])
def test_data_digest_does_not_tell_how_equal_pixels_are_kept(
    make_dataset, tmp_path, channels, monkeypatch
):
    monkeypatch.setattr("benchsuite.data.images.inspection._CACHED_BYTES", 0)
    dataset = make_dataset(channels=channels)
    encoded = encoded_as_png(dataset.train, tmp_path)
    assert isinstance(encoded.images, EncodedImages)
    kinds = [dataset.train, each_alone(dataset.train), encoded]

    found = [prepare(replace(dataset, train=kind), (7, 5, 1), seed=0) for kind in kinds]

    assert len({data.data_digest for data in found}) == 1
    for data in found[1:]:
        np.testing.assert_array_equal(data.train.images[:], found[0].train.images[:])


def test_digest_image_covers_the_shape():
    image = np.zeros((2, 3, 1), np.uint8)

    assert len({digest_image(image.reshape(s)) for s in ((2, 3, 1), (3, 2, 1), (1, 2, 3))}) == 3


def test_digest_order_covers_every_epoch_and_the_seed():
    digest = digest_order(50, seed=1, epochs=3)

    assert digest == digest_order(50, seed=1, epochs=3)
    assert digest == digest_arrays(*(epoch_order(50, 1, epoch) for epoch in range(3)))
    others = [digest_order(*a) for a in ((50, 1, 2), (50, 2, 3), (51, 1, 3))]
    assert digest not in others


@pytest.mark.parametrize(
    "other",
    [
        np.zeros((2, 3), np.float64),
        np.zeros((3, 2), np.float32),
        np.zeros(6, np.float32),
        np.array([[0, 0, 0], [0, 0, 1]], np.float32),
    ],
)
def test_digest_arrays_covers_types_shapes_and_bytes(other):
    assert digest_arrays(np.zeros((2, 3), np.float32)) != digest_arrays(other)


def test_digest_arrays_sees_values_not_memory_layout():
    array = np.arange(6, dtype=np.int64).reshape(2, 3)

    assert digest_arrays(array) == digest_arrays(np.asfortranarray(array))


def test_prepare_refuses_images_without_labels(make_dataset):
    dataset = make_dataset()
    part = Split(dataset.train.images, dataset.train.labels[:-1])

    with pytest.raises(UsageError, match="'noise' has 60 images but 59 labels"):
        prepare(replace(dataset, train=part), (6, 5, 1), seed=0)


@pytest.mark.parametrize("label", [-1, 3])
@pytest.mark.parametrize("part", ["train", "test"])
def test_prepare_refuses_labels_beyond_the_classes(make_dataset, part, label):
    dataset = make_dataset(test_counts=(3, 3, 3))
    labels = getattr(dataset, part).labels.copy()
    labels[5] = label
    broken = replace(dataset, **{part: Split(getattr(dataset, part).images, labels)})

    with pytest.raises(UsageError, match=f"3 classes, but example 5 has the label {label}"):
        prepare(broken, (6, 5, 1), seed=0)
