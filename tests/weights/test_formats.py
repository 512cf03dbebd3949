import numpy as np
import pytest
from safetensors.numpy import save_file

from benchsuite.errors import UsageError
from benchsuite.weights.formats import read_npz, read_safetensors


def test_read_safetensors_gives_arrays_and_metadata(tmp_path, weights, same):
    save_file(weights, tmp_path / "w.safetensors", {"architecture": "small"})

    checkpoint = read_safetensors(tmp_path / "w.safetensors")

    assert same(checkpoint.arrays, weights)
    assert checkpoint.metadata == {"architecture": "small"}
    assert checkpoint.notes == ()


@pytest.mark.parametrize("kind", ["float64", "float16", "int64", "int8", "uint32", "bool"])
def test_read_safetensors_keeps_types(tmp_path, kind):
    array = np.array([[0, 1], [1, 0]], kind)
    save_file({"a": array, "count": np.asarray(array[0, 1])}, tmp_path / "w.safetensors")

    arrays = read_safetensors(tmp_path / "w.safetensors").arrays

    assert arrays["a"].dtype == array.dtype
    assert np.array_equal(arrays["a"], array)
    assert arrays["count"].shape == ()


def test_read_safetensors_widens_bfloat16_and_says_so(tmp_path, write_raw):
    """-2.5 is 0xC020 in bfloat16, and 2⁻¹³³, the smallest above zero, 0x0001."""
    write_raw(tmp_path / "w.safetensors", {"a": ("BF16", [2, 1], b"\x20\xc0\x01\x00")})

    checkpoint = read_safetensors(tmp_path / "w.safetensors")

    assert checkpoint.arrays["a"].dtype == np.float32
    assert checkpoint.arrays["a"].tolist() == [[-2.5], [2.0**-133]]
    assert checkpoint.notes == ("1 tensors converted from bfloat16 to float32",)


def test_read_safetensors_names_types_that_numpy_lacks(tmp_path, write_raw):
    write_raw(
        tmp_path / "w.safetensors",
        {"a": ("F8_E4M3", [1], b"8"), "b": ("U8", [1], b"8"), "c": ("F8_E5M2", [1], b"8")},
    )

    with pytest.raises(UsageError, match=r"lacks: a \(F8_E4M3\), c \(F8_E5M2\)$"):
        read_safetensors(tmp_path / "w.safetensors")


def test_read_npz_gives_arrays(tmp_path, weights, same):
    np.savez(tmp_path / "w.npz", **weights)

    assert same(read_npz(tmp_path / "w.npz").arrays, weights)


class _Trap:
    """Creates a file where a pickle of it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_read_npz_loads_no_pickle(tmp_path):
    sprung = tmp_path / "sprung"
    np.savez(tmp_path / "w.npz", a=np.array([_Trap(sprung)], object))

    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        read_npz(tmp_path / "w.npz")

    assert not sprung.exists()
    np.load(tmp_path / "w.npz", allow_pickle=True)["a"][0].close()
    assert sprung.exists(), "the trap itself works"
