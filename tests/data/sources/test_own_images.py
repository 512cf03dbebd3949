"""A user's own images: folders and arrays, whole, broken and not what they seem."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from benchsuite.contract import EncodedImages
from benchsuite.data.images.encoded import read_images
from benchsuite.data.sources.own_images import read_folder, read_npz
from benchsuite.errors import UsageError


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCHSUITE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def picture(value, size=(4, 5)):
    return Image.fromarray(np.full((*size, 3), value, np.uint8))


@pytest.fixture
def folder(tmp_path):
    """A function that lays out images, by path and gray value."""

    def lay(**files):
        for name, value in files.items():
            path = tmp_path / "mine" / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture(value).save(path)
        return tmp_path / "mine"

    return lay


SPLIT = {"train/cat/a": 1, "train/cat/b": 2, "train/dog/c": 3, "test/cat/d": 4, "test/dog/e": 5}


def test_read_folder_takes_the_splits_that_are_there(folder):
    found = read_folder(str(folder(**SPLIT)))
    assert (found.name, found.class_names) == ("mine", ("cat", "dog"))
    assert found.train.labels.tolist() == [0, 0, 1]
    assert found.train.images[:, 0, 0, 0].tolist() == [1, 2, 3]
    assert found.test.images[:, 0, 0, 0].tolist() == [4, 5]
    assert found.problems == ()


@pytest.mark.parametrize("name", ["val", "validation"])
def test_read_folder_takes_a_validation_folder_for_a_test_split(folder, name):
    root = folder(**SPLIT)
    (root / "test").rename(root / name)
    assert read_folder(str(root)).test.labels.tolist() == [0, 1]


def test_read_folder_without_splits_is_one_to_be_split(folder):
    found = read_folder(str(folder(**{"cat/a": 1, "dog/deep/b": 2})))
    assert found.test is None
    assert found.train.labels.tolist() == [0, 1]


def test_read_folder_leaves_various_sizes_where_they_are(folder):
    root = folder(**SPLIT)
    picture(9, (8, 8)).save(root / "train" / "dog" / "big.png")
    for _ in range(2):
        found = read_folder(str(root)).train
        assert isinstance(found.images, EncodedImages)
        assert found.labels.tolist() == [0, 0, 1, 1]
        assert {path.rpartition(b"/")[2] for path in found.images.paths} == {
            b"a.png",
            b"b.png",
            b"big.png",
            b"c.png",
        }
        pixels = [(*image.shape, image[0, 0, 0]) for image in read_images(found.images)]
        assert pixels == [(4, 5, 3, 1), (4, 5, 3, 2), (8, 8, 3, 9), (4, 5, 3, 3)]


def test_read_folder_finds_its_images_from_elsewhere(folder, monkeypatch, tmp_path):
    root = folder(**SPLIT)
    picture(9, (8, 8)).save(root / "train" / "dog" / "big.png")
    monkeypatch.chdir(tmp_path)
    images = read_folder("mine").train.images
    monkeypatch.chdir(root)
    assert len(list(read_images(images))) == 4


def test_read_folder_of_one_image_and_another_size_in_its_test_split(folder):
    root = folder(**{"train/cat/a": 1, "test/cat/b": 2})
    picture(9, (8, 8)).save(root / "test" / "cat" / "big.png")
    found = read_folder(str(root))
    assert isinstance(found.train.images, np.ndarray)
    assert [image.shape for image in read_images(found.test.images)] == [(4, 5, 3), (8, 8, 3)]


def test_read_folder_names_a_broken_file(folder):
    root = folder(**SPLIT)
    (root / "train" / "cat" / "b.png").write_bytes(b"broken")
    found = read_folder(str(root))
    (problem,) = found.problems
    assert "b.png" in problem
    assert found.train.images[:, 0, 0, 0].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (shutil.rmtree, "is not a folder"),
        (lambda root: shutil.rmtree(root / "train" / "cat"), "classes that are not in train: cat"),
        (lambda root: (root / "train" / "dog" / "c.png").unlink(), "class 'dog' has no images"),
        (
            lambda root: [shutil.rmtree(root / "train" / name) for name in ("cat", "dog")],
            "has no folders",
        ),
    ],
)
def test_read_folder_refuses_what_has_no_classes(folder, change, said):
    root = folder(**SPLIT)
    change(root)
    with pytest.raises(UsageError, match=said):
        read_folder(str(root))


def test_read_folder_decodes_each_file_once(folder, cache, monkeypatch):
    root = folder(**SPLIT)
    first = read_folder(str(root))
    monkeypatch.setattr("benchsuite.data.images.encoded.decode", None)  # would fail if called
    again = read_folder(str(root))
    for part in ("train", "test"):
        np.testing.assert_array_equal(getattr(again, part).images, getattr(first, part).images)
        np.testing.assert_array_equal(getattr(again, part).labels, getattr(first, part).labels)
    assert (again.class_names, again.problems) == (first.class_names, first.problems)


def test_read_folder_sees_that_a_file_changed(folder):
    root = folder(**SPLIT)
    read_folder(str(root))
    picture(77).save(root / "train" / "dog" / "c.png")
    assert read_folder(str(root)).train.images[2, 0, 0, 0] == 77


IMAGES = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)


def test_read_npz_takes_arrays_as_keras_has_them(tmp_path):
    labels = np.array([[2], [0], [1]], np.uint8)
    np.savez(tmp_path / "m.npz", x_train=IMAGES, y_train=labels, x_test=IMAGES, y_test=labels)
    found = read_npz(str(tmp_path / "m.npz"))
    assert found.class_names == ("0", "1", "2")
    assert found.train.labels.tolist() == [2, 0, 1]
    np.testing.assert_array_equal(found.test.images[..., 0], IMAGES)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x_train": IMAGES}, "is to hold x_train and y_train; it holds x_train"),
        ({"x_train": IMAGES / 2, "y_train": np.arange(3)}, "got float64"),
        ({"x_train": IMAGES, "y_train": np.arange(3) / 2}, "and float64"),
        ({"x_train": IMAGES[0], "y_train": np.arange(3)}, r"got uint8 \(4, 5\)"),
    ],
)
def test_read_npz_refuses_other_arrays(tmp_path, arrays, said):
    np.savez(tmp_path / "m.npz", **arrays)
    with pytest.raises(UsageError, match=said):
        read_npz(str(tmp_path / "m.npz"))


def test_read_npz_refuses_objects_and_other_files(tmp_path):
    np.savez(tmp_path / "m.npz", x_train=np.array([{}], object), y_train=np.arange(1))
    (tmp_path / "page.npz").write_text("<html>")
    for name in ("m.npz", "page.npz", "none.npz"):
        with pytest.raises(UsageError, match=r"cannot be read as an \.npz file"):
            read_npz(str(tmp_path / name))


def leads_out(root):
    picture(5).save(root.parent / "private.png")
    return root.parent / "private.png"


def in_a_circle(root):
    return root / "train" / "cat" / "strange.png"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (leads_out, "it is a link that leads out of the folder"),
        (in_a_circle, "it is a link that leads nowhere"),
        (lambda root: root / "none", "it is a link that leads nowhere"),
        (lambda root: "/dev/zero", "it is a link that leads out of the folder"),
        (lambda root: root / "train" / "dog", "it is a link that leads to no file"),
        (os.mkfifo, "it is not an ordinary file"),
    ],
    ids=["out", "circle", "nowhere", "device", "folder", "pipe"],
)
def test_read_folder_names_what_is_no_file_of_it(folder, target, said):
    root = folder(**SPLIT)
    strange = root / "train" / "cat" / "strange.png"
    if target is os.mkfifo:
        os.mkfifo(strange)
    else:
        strange.symlink_to(target(root))
    for _ in range(2):  # the second time, what is sound is in the cache
        found = read_folder(str(root))
        (problem,) = found.problems
        assert problem.startswith(f"{strange}: {said}")
        assert found.train.images[:, 0, 0, 0].tolist() == [1, 2, 3]
    strange.unlink()
    assert read_folder(str(root)).problems == ()


def test_read_folder_follows_links_to_its_own_files_and_to_the_folder_itself(folder, tmp_path):
    root = folder(**SPLIT)
    (root / "train" / "dog" / "again.png").symlink_to("../cat/a.png")
    (tmp_path / "link").symlink_to(root)
    for path in (root, tmp_path / "link"):
        found = read_folder(str(path))
        assert found.train.images[:, 0, 0, 0].tolist() == [1, 2, 1, 3]
        assert found.problems == ()


def test_read_folder_does_not_follow_folders_out_or_in_circles(folder, tmp_path):
    root = folder(**SPLIT)
    (root / "train" / "cat" / "deep").symlink_to("..")
    assert read_folder(str(root)).train.images[:, 0, 0, 0].tolist() == [1, 2, 3]
    elsewhere = tmp_path / "elsewhere"
    (root / "train" / "dog").rename(elsewhere)
    (root / "train" / "dog").symlink_to(elsewhere)
    with pytest.raises(UsageError, match=r"dog' leads out of '.*mine'"):
        read_folder(str(root))


def test_read_folder_refuses_a_folder_of_links_alone(folder, tmp_path):
    root = folder(**{"cat/a": 1})
    (root / "cat" / "a.png").rename(tmp_path / "a.png")
    (root / "cat" / "a.png").symlink_to(tmp_path / "a.png")
    with pytest.raises(UsageError, match=r"not one image can be read: .*a\.png: it is a link"):
        read_folder(str(root))


def test_read_folder_names_a_file_that_is_all_holes(folder):
    root = folder(**SPLIT)
    with (root / "train" / "cat" / "holes.png").open("wb") as file:
        file.truncate(1 << 40)
    (problem,) = read_folder(str(root)).problems
    assert problem.endswith(
        "holes.png: it has 1,099,511,627,776 bytes, and 268,435,456 are the most"
    )


def test_read_npz_refuses_labels_whose_names_would_fill_memory(tmp_path):
    labels = np.array([0, 1, 1 << 40])
    np.savez(tmp_path / "m.npz", x_train=IMAGES, y_train=labels)
    with pytest.raises(UsageError, match="has the label 1,099,511,627,776"):
        read_npz(str(tmp_path / "m.npz"))


@pytest.mark.parametrize("shape", [(3, 4, 5, 2), (3, 0, 5, 1), (3, 4, 0)])
def test_read_npz_refuses_pixels_that_are_none(tmp_path, shape):
    np.savez(tmp_path / "m.npz", x_train=np.zeros(shape, np.uint8), y_train=np.arange(3))
    with pytest.raises(UsageError, match="pixels of one channel or three"):
        read_npz(str(tmp_path / "m.npz"))
