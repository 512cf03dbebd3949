"""Parquet files as the hub lays them out, whole, broken, and made to fill the disk."""

import io
import json

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from benchsuite.data.images.encoded import read_images
from benchsuite.data.sources import parquet as reading
from benchsuite.data.sources.parquet import read_parquet
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
    with pytest.raises(UsageError, match="neither a Parquet file nor a folder"):
        read_parquet(str(tmp_path / "nowhere.parquet"))
    (tmp_path / "page.parquet").write_text("<html>")
    with pytest.raises(UsageError, match="cannot be read as Parquet"):
        read_parquet(str(tmp_path / "page.parquet"))
    parquet.write_table(pa.table({"label": [1], "picture": ["x"]}), tmp_path / "other.parquet")
    with pytest.raises(UsageError, match="has no column image; it has label, picture"):
        read_parquet(str(tmp_path / "other.parquet"))


def write(path, image, label, **options):
    parquet.write_table(pa.table({"image": image, "label": label}), path, **options)
    return str(path)


@pytest.mark.parametrize(
    ("image", "label"),
    [
        (["text"], [0]),
        ([{"path": "a"}], [0]),
        ([{"bytes": "text"}], [0]),
        ([{"bytes": b"x"}], ["cat"]),
        ([{"bytes": b"x"}], [0.5]),
        ([{"bytes": b"x"}], [[0]]),
    ],
    ids=["text", "no bytes", "text for bytes", "words", "fractions", "lists"],
)
def test_read_parquet_refuses_columns_of_other_types(tmp_path, image, label):
    with pytest.raises(UsageError, match="to be a struct with bytes, and label an integer"):
        read_parquet(write(tmp_path / "x.parquet", image, label))


def test_read_parquet_refuses_labels_whose_names_would_fill_memory(tmp_path):
    path = write(tmp_path / "x.parquet", [{"bytes": png(1)}], [1 << 40])
    with pytest.raises(UsageError, match="has the label 1,099,511,627,776"):
        read_parquet(path)


def test_read_parquet_names_a_label_that_no_int64_holds(table, tmp_path):
    images = pa.array([{"bytes": png(1)}, {"bytes": png(2)}])
    labels = pa.array([0, (1 << 64) - 1], pa.uint64())
    found = pa.table({"image": images, "label": labels})
    facts = json.dumps({"info": {"features": {"label": {"names": ["cat"]}}}})
    parquet.write_table(
        found.replace_schema_metadata({"huggingface": facts}), tmp_path / "x.parquet"
    )
    (problem,) = read_parquet(str(tmp_path / "x.parquet")).problems
    assert problem == "x.parquet:image 1: label -1 of 1 classes"


@pytest.mark.parametrize(
    "facts",
    [
        '{"info": []}',
        '{"info": {"features": {"label": {"names": "cats"}}}}',
        '{"info": {"features": {"label": {"names": [1]}}}}',
        "not JSON",
        "[" * 100_000,
        '{"info": {"other": ' + "[" * 100_000 + "]" * 100_000 + "}}",
    ],
    ids=["a list", "a text", "numbers", "text", "depth", "depth elsewhere"],
)
def test_read_parquet_refuses_metadata_that_are_not_the_hubs(tmp_path, facts):
    found = pa.table({"image": [{"bytes": png(1)}], "label": [0]})
    path = tmp_path / "x.parquet"
    parquet.write_table(found.replace_schema_metadata({"huggingface": facts}), path)
    with pytest.raises(UsageError, match=r"x\.parquet' cannot be read as Parquet"):
        read_parquet(str(path))


def test_read_parquet_refuses_pages_that_unpack_to_too_much(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHSUITE_UNPACKED_GIB", "0")
    path = write(
        tmp_path / "x.parquet",
        [{"bytes": bytes(1 << 20)}],
        [0],
        compression="zstd",
        use_dictionary=False,
    )
    with pytest.raises(UsageError, match=r"says that it unpacks to 1,048,\d{3} bytes"):
        read_parquet(path)


def test_read_parquet_refuses_rows_that_all_mean_one_large_image(tmp_path, monkeypatch):
    """Of a dictionary, a page says the image once, and a row is some bits."""
    monkeypatch.setenv("BENCHSUITE_UNPACKED_GIB", "0")
    rows = [{"bytes": png(1) + bytes(100_000)}] * 1000
    path = write(tmp_path / "x.parquet", rows, [0] * 1000, compression="none")
    with pytest.raises(UsageError, match="are more than its file could hold"):
        read_parquet(path)


def test_read_parquet_refuses_more_rows_than_names_have_room(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHSUITE_UNPACKED_GIB", "0")
    monkeypatch.setattr(reading, "_ROW_BYTES", 1 << 20)
    path = write(tmp_path / "x.parquet", [{"bytes": png(1)}], [0])
    with pytest.raises(UsageError, match="which is too much"):
        read_parquet(path)
