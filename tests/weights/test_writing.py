import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

import benchsuite
from benchsuite.errors import UsageError
from benchsuite.weights import write_weights


def test_write_weights_writes_them_bit_for_bit(tmp_path, graph, weights, same):
    write_weights(tmp_path / "w.safetensors", graph, weights, {"seed": "0"})

    assert same(load_file(tmp_path / "w.safetensors"), weights)


def test_write_weights_says_what_they_are(tmp_path, graph, weights):
    write_weights(tmp_path / "w.safetensors", graph, weights, {"source": "other.pth"})

    with safe_open(tmp_path / "w.safetensors", framework="numpy") as file:
        assert file.metadata() == {
            "architecture": "small",
            "fingerprint": graph.fingerprint,
            "benchsuite_version": benchsuite.__version__,
            "source": "other.pth",
        }


def test_write_weights_writes_values_whatever_their_layout(tmp_path, graph, weights, same):
    strided = {name: np.asfortranarray(array) for name, array in weights.items()}
    assert not strided["conv.weight"].flags.c_contiguous

    write_weights(tmp_path / "w.safetensors", graph, strided, {})

    assert same(load_file(tmp_path / "w.safetensors"), weights)


def test_write_weights_replaces_a_file(tmp_path, graph, weights):
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"older")

    write_weights(path, graph, weights, {})

    assert load_file(path).keys() == weights.keys()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("w.npz", r"end the name in \.safetensors"),
        ("nowhere/w.safetensors", "cannot be written: No such file or directory"),
        ("file/w.safetensors", "cannot be written: Not a directory"),
        ("folder.safetensors", "cannot be written: Is a directory"),
    ],
)
def test_write_weights_leaves_nothing_where_it_cannot_write(
    tmp_path, graph, weights, name, message
):
    (tmp_path / "file").touch()
    (tmp_path / "folder.safetensors").mkdir()
    before = set(tmp_path.rglob("*"))

    with pytest.raises(UsageError, match=message):
        write_weights(tmp_path / name, graph, weights, {})

    assert set(tmp_path.rglob("*")) == before


def test_write_weights_refuses_what_does_not_fit(tmp_path, graph, weights):
    del weights["fc.bias"]

    with pytest.raises(UsageError, match=r"missing: fc\.bias"):
        write_weights(tmp_path / "w.safetensors", graph, weights, {})
