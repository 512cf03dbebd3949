import zipfile

import numpy as np
import pytest
from safetensors.numpy import save_file

from benchsuite.errors import MissingDependencyError, UsageError
from benchsuite.hooks import Registry, Target, load_plugins
from benchsuite.hooks.registry import Entry
from benchsuite.testing import random_weights
from benchsuite.weights import read_weights


@pytest.fixture
def read(tmp_path, graph, readers):
    """read(arrays, metadata): what comes out of a file that holds these arrays."""

    def run(arrays, metadata=None, graph=graph):
        save_file(arrays, tmp_path / "w.safetensors", metadata)
        return read_weights(tmp_path / "w.safetensors", graph, readers)

    return run


def test_read_weights_gives_what_was_written(read, graph, weights, same):
    fitted = read(dict(reversed(weights.items())))

    assert same(fitted.weights, weights)
    assert list(fitted.weights) == list(graph.weights)
    assert (fitted.ignored, fitted.notes, fitted.report) == ((), (), ())


def test_read_weights_reads_npz_whatever_the_case_of_its_suffix(tmp_path, graph, weights, readers):
    with (tmp_path / "w.NPZ").open("wb") as file:
        np.savez(file, **weights)

    assert read_weights(tmp_path / "w.NPZ", graph, readers).weights.keys() == weights.keys()


def test_read_weights_drops_counters_and_lists_them(read, weights, same):
    fitted = read({**weights, "bn.num_batches_tracked": np.array(7)})

    assert same(fitted.weights, weights)
    assert fitted.ignored == ("bn.num_batches_tracked",)
    assert fitted.notes == ()
    assert fitted.report == ("ignored: 1 × num_batches_tracked",)


def test_read_weights_takes_off_the_prefix_of_data_parallel(read, weights, same):
    stored = {**weights, "bn.num_batches_tracked": np.array(7)}

    fitted = read({f"module.{name}": array for name, array in stored.items()})

    assert same(fitted.weights, weights)


def test_read_weights_keeps_a_prefix_that_only_some_names_have(read, weights):
    weights["module.fc.bias"] = weights.pop("fc.bias")

    with pytest.raises(UsageError, match=r"missing: fc.bias; not in the network: module.fc.bias$"):
        read(weights)


@pytest.mark.parametrize("kind", ["float16", "float64"])
def test_read_weights_converts_other_floats_with_a_note(read, weights, kind):
    fitted = read({**weights, "fc.weight": weights["fc.weight"].astype(kind)})

    assert {array.dtype for array in fitted.weights.values()} == {np.dtype(np.float32)}
    expected = weights["fc.weight"].astype(kind).astype(np.float32)
    assert np.array_equal(fitted.weights["fc.weight"], expected)
    assert fitted.notes == (f"1 tensors converted from {kind} to float32",)


def test_read_weights_turns_other_layouts_into_c_order(tmp_path, graph, weights, readers, same):
    np.savez(tmp_path / "w.npz", **{n: np.asfortranarray(a) for n, a in weights.items()})

    fitted = read_weights(tmp_path / "w.npz", graph, readers).weights

    assert same(fitted, weights)
    assert all(array.flags.c_contiguous for array in fitted.values())


def test_read_weights_notes_that_a_file_is_for_another_network(read, weights):
    assert read(weights, {"architecture": "small"}).notes == ()
    assert read(weights, {"architecture": "tiny"}).notes == (
        "the file is for tiny, by its own word",
    )


def test_read_weights_names_everything_that_is_wrong_in_one_error(read, weights, tmp_path):
    del weights["conv.weight"], weights["bn.running_var"]
    weights["fc.weight"] = weights["fc.weight"][:2]
    weights["fc.bias"] = np.arange(4)
    weights.update({"head.weight": np.zeros(2), "head.bias": np.zeros(1)})

    with pytest.raises(UsageError) as refused:
        read(weights)

    assert str(refused.value) == (
        f"'{tmp_path / 'w.safetensors'}': these weights do not fit small: "
        "missing: conv.weight, bn.running_var; not in the network: head.bias, head.weight; "
        "fc.weight: expected (4, 3), got (2, 3); "
        "fc.bias: expected floating-point numbers, got int64"
    )


def _damaged(path, weights):
    """Files that cannot be read, and what is said of them."""
    save_file(weights, path / "good.safetensors")
    np.savez(path / "good.npz", **weights)
    tensors, archive = (path / "good.safetensors").read_bytes(), (path / "good.npz").read_bytes()
    files = {
        "cut.safetensors": tensors[:-9],
        "cut.npz": archive[:-9],
        "empty.safetensors": b"",
        "empty.npz": b"",
        "noise.safetensors": b"\xff" * 200,
        "noise.npz": b"\xff" * 200,
        "archive.safetensors": archive,
        "tensors.npz": tensors,
    }
    for name, content in files.items():
        (path / name).write_bytes(content)
        yield name, f"cannot be read: it is damaged, or no {(path / name).suffix} file ("
    # A PyTorch checkpoint is an archive as well.
    with zipfile.ZipFile(path / "torch.npz", "w") as file:
        file.writestr("archive/data.pkl", b"")
    yield "torch.npz", "holds what is no array: archive/data.pkl"
    yield "none.safetensors", "no such file"
    yield ".", "no such file"
    (path / "weights.safetensor").write_bytes(tensors)
    yield "weights.safetensor", "unknown weight reader '.safetensor'. Did you mean '.safetensors'?"
    (path / "weights.h5").write_bytes(tensors)
    yield "weights.h5", "PyTorch's own formats come with benchsuite-torch"


def test_read_weights_says_in_one_line_what_is_wrong_with_a_file(tmp_path, graph, weights, readers):
    for name, expected in _damaged(tmp_path, weights):
        with pytest.raises(UsageError) as refused:
            read_weights(tmp_path / name, graph, readers)
        assert expected in str(refused.value), name
        assert str(tmp_path / name) in str(refused.value)
        assert "\n" not in str(refused.value)


def test_read_weights_says_which_reader_is_not_installed(tmp_path, graph):
    target = Target("m:x", "", requires=("no_such_module",), install="pip install it")
    readers = Registry("weight reader", [Entry("weight reader", ".x", target, "acme")])
    (tmp_path / "w.x").touch()

    with pytest.raises(MissingDependencyError, match=r"'.x' needs no_such_module.*pip install it"):
        read_weights(tmp_path / "w.x", graph, readers)


# Published checkpoints.


@pytest.fixture
def zoo():
    """zoo(name): an architecture's graph."""
    return lambda name: load_plugins().architectures[name].load().trace()


def test_published_densenet_has_numbered_submodules(zoo, read, same):
    """`norm.1`, which a module of PyTorch may no longer be called, for `norm1`."""
    graph = zoo("densenet121")
    weights = random_weights(graph)
    published = {_numbered(name): array for name, array in weights.items()}
    assert "features.denseblock1.denselayer1.norm.1.weight" in published
    assert "features.denseblock4.denselayer16.conv.2.weight" in published

    assert same(read(published, graph=graph).weights, weights)


def _numbered(name):
    for part in ("norm1", "norm2", "conv1", "conv2"):
        if "denselayer" in name:
            name = name.replace(f".{part}.", f".{part[:-1]}.{part[-1]}.")
    return name


def test_published_transformer_has_named_linear_layers(read, same):
    graph = load_plugins().architectures["vit_small_cifar"].load().trace()
    weights = random_weights(graph)
    published = {
        name.replace(".mlp.0.", ".mlp.linear_1.").replace(".mlp.3.", ".mlp.linear_2."): array
        for name, array in weights.items()
    }
    assert "encoder.layers.encoder_layer_11.mlp.linear_2.bias" in published

    assert same(read(published, graph=graph).weights, weights)


def test_published_names_never_replace_todays(read):
    graph = load_plugins().architectures["vit_small_cifar"].load().trace()
    twice = "encoder.layers.encoder_layer_0.mlp.linear_1.bias"

    with pytest.raises(UsageError, match=f"not in the network: {twice}$"):
        read({**random_weights(graph), twice: np.zeros(1536, np.float32)}, graph=graph)


@pytest.mark.parametrize(
    ("name", "head"),
    [("googlenet", "aux2.fc2.bias"), ("inception_v3", "AuxLogits.conv0.conv.weight")],
)
def test_published_auxiliary_heads_are_left_out(zoo, read, same, name, head):
    graph = zoo(name)
    weights = random_weights(graph)

    fitted = read({**weights, head: np.zeros(3, np.float32)}, graph=graph)

    assert same(fitted.weights, weights)
    assert fitted.ignored == (head,)
    assert fitted.report == (f"ignored, of auxiliary heads: {head}",)


def test_auxiliary_heads_are_an_error_elsewhere(read, weights):
    with pytest.raises(UsageError, match=r"not in the network: aux1\.fc1\.bias"):
        read({**weights, "aux1.fc1.bias": np.zeros(3, np.float32)})


def test_read_weights_refuses_an_archive_that_unpacks_to_too_much(tmp_path, graph, monkeypatch):
    """Before any reader sees it, whatever its suffix."""
    with zipfile.ZipFile(tmp_path / "w.x", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("zeros", bytes(1 << 20))
    monkeypatch.setenv("BENCHSUITE_UNPACKED_GIB", "0")
    readers = Registry(
        "weight reader", [Entry("weight reader", ".x", Target("os:getcwd", ""), "me")]
    )
    with pytest.raises(UsageError, match=r"w\.x' unpacks to 1,048,576 bytes"):
        read_weights(tmp_path / "w.x", graph, readers)
