"""A user's own images: folders, Parquet and arrays, whole and broken."""

import io
import json
import shutil

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from benchsuite.contract import EncodedImages
from benchsuite.data.files import read_folder, read_npz, read_parquet
from benchsuite.data.pictures import read_images
from benchsuite.errors import UsageError


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCHSUITE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def picture(value, size=(4, 5)):
    return Image.fromarray(np.full((*size, 3), value, np.uint8))


def png(value):
    file = io.BytesIO()
    picture(value).save(file, "PNG")
    return file.getvalue()


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
        (shutil.rmtree, "is no folder"),
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
    monkeypatch.setattr("benchsuite.data.pictures.decode", None)  # would fail if called
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


@pytest.fixture
def table(tmp_path):
    """A function that writes rows of (path, bytes, label), as the hub has them."""

    def write(name, rows, names=None):
        images = [{"bytes": content, "path": path} for path, content, _ in rows]
        found = pa.table({"image": images, "label": [label for *_, label in rows]})
        if names:
            features = {"label": {"names": names, "_type": "ClassLabel"}}
            facts = json.dumps({"info": {"features": features}})
            found = found.replace_schema_metadata({"huggingface": facts})
        parquet.write_table(found, tmp_path / name)
        return tmp_path

    return write


def test_read_parquet_takes_a_folder_as_the_hub_lays_it_out(table):
    names = ["cat", "dog"]
    table("train-00000-of-00002.parquet", [("a", png(1), 0), ("b", png(2), 1)], names)
    table("train-00001-of-00002.parquet", [("c", png(3), 1)], names)
    found = read_parquet(str(table("test-00000-of-00001.parquet", [(None, png(4), 0)], names)))
    assert found.class_names == ("cat", "dog")
    assert found.train.images[:, 0, 0, 0].tolist() == [1, 2, 3]
    assert found.train.labels.tolist() == [0, 1, 1]
    assert found.test.images[:, 0, 0, 0].tolist() == [4]


def test_read_parquet_takes_one_file_and_counts_its_classes(table):
    folder = table("mine.parquet", [("a", png(1), 0), ("b", png(2), 2)])
    found = read_parquet(str(folder / "mine.parquet"))
    assert (found.class_names, found.test) == (("0", "1", "2"), None)


def test_read_parquet_names_a_broken_image(table):
    folder = table("mine.parquet", [("a", png(1), 0), ("b.jpg", b"broken", 0)])
    (problem,) = read_parquet(str(folder / "mine.parquet")).problems
    assert problem.startswith("mine.parquet:b.jpg: ")


def test_read_parquet_packs_images_of_various_sizes(table, cache):
    big = io.BytesIO()
    picture(9, (8, 8)).save(big, "PNG")
    rows = [("a", png(1), 0), ("b", big.getvalue(), 1), ("c", png(3), 0)]
    folder = table("mine.parquet", rows)
    for _ in range(2):
        found = read_parquet(str(folder / "mine.parquet")).train
        pixels = [(*image.shape, image[0, 0, 0]) for image in read_images(found.images)]
        assert pixels == [(4, 5, 3, 1), (8, 8, 3, 9), (4, 5, 3, 3)]
    (packed,) = cache.rglob("*-packed")
    assert packed.read_bytes() == b"".join(content for _, content, _ in rows)


def test_read_parquet_packs_nothing_where_the_pixels_are_kept(table, cache):
    folder = table("mine.parquet", [("a", png(1), 0), ("b", png(2), 0)])
    read_parquet(str(folder / "mine.parquet"))
    assert not list(cache.rglob("*-packed"))


def test_read_parquet_names_rows_without_image_or_label(table):
    rows = [("a", png(1), 0), (None, None, 0), ("c", png(3), None), (None, b"x", 0)]
    found = read_parquet(str(table("mine.parquet", rows) / "mine.parquet"))
    assert found.train.labels.tolist() == [0]
    assert [line.partition(": ")[0] for line in found.problems] == [
        "mine.parquet:image 1",
        "mine.parquet:c",
        "mine.parquet:image 3",
    ]
    assert found.problems[1].endswith("label -1 of 1 classes")


def test_read_parquet_refuses_rows_that_are_cut_short(table):
    path = table("mine.parquet", [("a", png(1), 0)] * 50) / "mine.parquet"
    content = bytearray(path.read_bytes())
    content[4:40] = bytes(36)  # the first page; the footer is whole
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"mine\.parquet' cannot be read as Parquet"):
        read_parquet(str(path))


def test_read_parquet_refuses_a_table_without_rows(table):
    rows = pa.table({"image": pa.array([], pa.struct({"bytes": pa.binary()})), "label": []})
    parquet.write_table(rows, table("x.parquet", [("a", png(1), 0)]) / "none.parquet")
    with pytest.raises(UsageError, match="not one image can be read: there are none"):
        read_parquet(str(table("x.parquet", [("a", png(1), 0)]) / "none.parquet"))


def test_read_parquet_refuses_other_files(tmp_path):
    with pytest.raises(UsageError, match="no Parquet file and no folder"):
        read_parquet(str(tmp_path / "nowhere.parquet"))
    (tmp_path / "page.parquet").write_text("<html>")
    with pytest.raises(UsageError, match="cannot be read as Parquet"):
        read_parquet(str(tmp_path / "page.parquet"))
    parquet.write_table(pa.table({"label": [1], "picture": ["x"]}), tmp_path / "other.parquet")
    with pytest.raises(UsageError, match="has no column image; it has label, picture"):
        read_parquet(str(tmp_path / "other.parquet"))


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
