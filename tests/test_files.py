"""Files that are none, are too large, or become too large."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from benchsuite.errors import UsageError
from benchsuite.files import (
    Bounded,
    check_unpacked,
    check_zip,
    most_unpacked,
    opened,
    read_at_most,
    read_whole,
    require_within,
)


def test_opened_reads_a_file_by_its_path_or_the_bytes_of_it(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    for name in (path, os.fsencode(path)):
        with opened(name) as file:
            assert file.read() == b"content"


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX")
def test_opened_does_not_wait_for_a_pipe(pipe):
    with pytest.raises(OSError, match="not an ordinary file"), opened(pipe):
        pass


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a device of POSIX")
def test_opened_refuses_a_device_that_never_ends(tmp_path):
    link = tmp_path / "link"
    link.symlink_to("/dev/zero")
    with pytest.raises(OSError, match="not an ordinary file"), opened(link):
        pass


def test_opened_refuses_a_folder(tmp_path):
    with pytest.raises(OSError, match="directory"), opened(tmp_path):
        pass


def test_read_whole_takes_a_file_up_to_its_limit_and_no_larger_one(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"1234")
    assert read_whole(path, most=4) == b"1234"
    with pytest.raises(OSError, match="it has 4 bytes, and 3 are the most"):
        read_whole(path, most=3)


def test_read_whole_reads_nothing_of_a_file_that_is_all_holes(tmp_path):
    with (tmp_path / "holes").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(OSError, match="1,099,511,627,776 bytes"):
        read_whole(tmp_path / "holes")


@pytest.mark.parametrize("size", [0, 3, 5 << 20])
def test_read_at_most_reads_one_too_many_at_the_most(size):
    assert len(read_at_most(io.BytesIO(bytes(size)), 3 << 20)) == min(size, (3 << 20) + 1)


def test_bounded_ends_in_an_error():
    stream = Bounded(io.BytesIO(b"12345"), 4)
    assert stream.read(3) == b"123"
    with pytest.raises(UsageError, match="more than 4 bytes"):
        stream.read(3)


def test_what_a_file_becomes_is_limited_and_the_user_may_raise_that(monkeypatch):
    monkeypatch.delenv("BENCHSUITE_UNPACKED_GIB", raising=False)
    check_unpacked(8 << 30, Path("file"))
    with pytest.raises(UsageError, match=r"'file' unpacks to .* set BENCHSUITE_UNPACKED_GIB"):
        check_unpacked((8 << 30) + 1, Path("file"))
    monkeypatch.setenv("BENCHSUITE_UNPACKED_GIB", "9")
    check_unpacked((8 << 30) + 1, Path("file"))


@pytest.mark.parametrize("said", ["much", "-1", "1.5", "9" * 5000, "٣"])
def test_a_wrong_limit_is_refused(monkeypatch, said):
    monkeypatch.setenv("BENCHSUITE_UNPACKED_GIB", said)
    with pytest.raises(UsageError, match="whole number of GiB"):
        most_unpacked()


def test_check_zip_believes_what_an_archive_says_of_itself(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "zeros.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(10 << 20))
    (tmp_path / "none").write_bytes(b"no archive")
    check_zip(tmp_path / "none")
    check_zip(tmp_path / "zeros.zip")
    monkeypatch.setenv("BENCHSUITE_UNPACKED_GIB", "0")
    with pytest.raises(UsageError, match="10,485,760 bytes"):
        check_zip(tmp_path / "zeros.zip")


def test_require_within_follows_links(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("")
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "folder" / "out").symlink_to("..")
    require_within(tmp_path / "link" / "file", tmp_path / "folder")
    with pytest.raises(UsageError, match=r"out' leads out of '.*folder'"):
        require_within(tmp_path / "folder" / "out", tmp_path / "folder")
