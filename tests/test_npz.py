import zipfile

import numpy as np
import pytest

from benchsuite.errors import UsageError
from benchsuite.npz import read_arrays


def npy(shape, descr="'|u1'", content=b""):
    """A header that says this, whatever follows it."""
    said = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}".encode()
    said += b" " * (-(len(said) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(said).to_bytes(2, "little") + said + content


@pytest.fixture
def archive(tmp_path):
    """A function that writes an archive of these members."""

    def write(members, compression=zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(tmp_path / "file.npz", "w", compression) as written:
            for name, content in members.items():
                written.writestr(name, content)
        return tmp_path / "file.npz"

    return write


def test_read_arrays_gives_every_array(tmp_path):
    arrays = {"a": np.arange(3), "b/c": np.ones((2, 2))}
    np.savez_compressed(tmp_path / "file.npz", **arrays)
    found = read_arrays(tmp_path / "file.npz")
    assert list(found) == ["a", "b/c"]
    np.testing.assert_array_equal(found["b/c"], arrays["b/c"])


@pytest.mark.parametrize(
    "content",
    [
        npy("(9,)", content=b"12345"),
        npy("(1 << 62,)"),
        npy("(1099511627776,)", content=b"12345"),
        npy("(4294967296, 4294967296)"),
        npy("(-1,)", content=b"1"),
        npy("(2,)", "'O'", content=b"\x80\x02K\x01."),
        npy("(1,)", "[('a', 'O')]"),
        npy("(" * 5000),
        npy("-" * 5000 + "1"),
        npy("(1,)", "'no type'"),
        b"",
        b"\x93NUMPY",
    ],
    ids=range(12),
)
def test_read_arrays_raises_value_error_for_members_that_lie(archive, content):
    with pytest.raises(ValueError, match=r"\w"):
        read_arrays(archive({"a.npy": content}))


def test_read_arrays_refuses_what_unpacks_to_too_much(archive, monkeypatch):
    monkeypatch.setenv("BENCHSUITE_UNPACKED_GIB", "0")
    with pytest.raises(UsageError, match=r"file\.npz' unpacks to"):
        read_arrays(archive({"a.npy": npy("(1000,)", content=bytes(1000))}))


def test_read_arrays_refuses_members_that_are_no_arrays(archive):
    with pytest.raises(UsageError, match=r"holds what is no array: \.\./run\.sh"):
        read_arrays(archive({"../run.sh": b"rm -r /"}))


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_read_arrays_refuses_what_numpy_does_not_write(archive, compression):
    with pytest.raises(ValueError, match="NumPy does not write"):
        read_arrays(archive({"a.npy": npy("(1,)", content=b"1")}, compression))
