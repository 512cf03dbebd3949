import os

import pytest

from benchsuite.errors import StorageError
from benchsuite.records.writing import write_atomically, written


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_failing_write_leaves_the_old_file_and_no_other(tmp_path, full_disk):
    path = tmp_path / "record.json"
    write_atomically(path, b"old")
    full_disk()

    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new, and longer")

    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["record.json"]


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX")
def test_written_file_may_be_read_by_others(tmp_path):
    path = tmp_path / "record.json"
    write_atomically(path, b"content")

    assert path.stat().st_mode & 0o777 == 0o644


def test_what_a_run_cannot_write_is_named_with_the_way_on(tmp_path):
    path = tmp_path / "no folder" / "record.json"
    said = r"record.json' cannot be written \(No such.*--resume"
    with pytest.raises(StorageError, match=said), written(path):
        write_atomically(path, b"content")
