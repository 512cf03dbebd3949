import numpy as np
import pytest
from safetensors.numpy import save_file

import benchsuite
from benchsuite.errors import ShapeError, UnknownNameError, UsageError
from benchsuite.graph import Graph


@pytest.fixture
def installed(example_plugin, tmp_path, monkeypatch):
    """The example plugin as an installed distribution, and one of native models."""
    info = tmp_path / "benchsuite_example-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: benchsuite-example\nVersion: 1.0\n"
    )
    (info / "entry_points.txt").write_text(
        f"[benchsuite]\nexample = {example_plugin}\nnatives = natives\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


def load(**options):
    return benchsuite.load("softmax_regression", backend="numpy-linear", **options)


def test_load_gives_a_session_that_predicts(installed):
    session = load(input_shape=(4, 5, 3), num_classes=7)
    logits = session.predict(np.zeros((2, 4, 5, 3), np.float32))
    assert logits.shape == (2, 7)
    assert isinstance(session.graph, Graph)
    assert session.native is not None


def test_load_uses_the_networks_own_shape_and_classes(installed):
    assert load().graph.input_shape == (8, 8, 1)
    assert load().weights()["fc.weight"].shape == (10, 64)


def test_load_draws_the_same_weights_for_a_seed(installed):
    first, same, other = (load(seed=seed).weights()["fc.weight"] for seed in (3, 3, 4))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_load_takes_given_weights(installed):
    weights = {"fc.weight": np.eye(10, 64, dtype=np.float32), "fc.bias": np.ones(10, np.float32)}
    found = load(weights=weights).weights()
    assert all(np.array_equal(found[name], weights[name]) for name in weights)


WEIGHTS = {"fc.weight": np.eye(10, 64, dtype=np.float32), "fc.bias": np.ones(10, np.float32)}


@pytest.mark.parametrize("of", [str, lambda path: path])
def test_load_takes_weights_from_a_file(installed, tmp_path, of):
    save_file(WEIGHTS, tmp_path / "w.safetensors")
    np.savez(tmp_path / "w.npz", **WEIGHTS)

    for name in ("w.safetensors", "w.npz"):
        found = load(weights=of(tmp_path / name)).weights()
        assert all(np.array_equal(found[name], WEIGHTS[name]) for name in WEIGHTS)


def test_load_warns_where_a_files_types_are_converted(installed, tmp_path):
    path = tmp_path / "w.npz"
    np.savez(path, **{name: array.astype(np.float64) for name, array in WEIGHTS.items()})

    with pytest.warns(UserWarning, match=r"w\.npz': 2 tensors converted from float64") as caught:
        load(weights=path)

    assert caught[0].filename == __file__


def test_load_names_all_that_is_wrong_with_a_file(installed, tmp_path):
    np.savez(tmp_path / "w.npz", a=WEIGHTS["fc.bias"], b=WEIGHTS["fc.bias"])

    expected = r"w\.npz'.*missing: fc\.weight, fc\.bias; not in the network: a, b$"
    with pytest.raises(UsageError, match=expected):
        load(weights=tmp_path / "w.npz")


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("lenet", {}, UnknownNameError, "Did you mean 'lenet5'"),
        ("lenet5", {"input_shape": (5, 5, 1)}, ShapeError, "at least 12×12, got 5×5"),
        ("softmax_regression", {"device": "cuda:9"}, UsageError, "no device 'cuda:9'"),
        ("softmax_regression", {"weights": {}}, UsageError, r"missing: fc\.weight"),
        ("softmax_regression", {"weights": "no.npz"}, UsageError, "no such file: 'no.npz'"),
    ],
)
def test_load_says_what_is_wrong(installed, name, options, error, message):
    with pytest.raises(error, match=message):
        benchsuite.load(name, backend="numpy-linear", **options)


def test_load_opens_a_native_model(installed):
    session = benchsuite.load("numpy/plain", backend="numpy-adopting", num_classes=3, seed=1)
    assert session.graph.name == "numpy/plain"
    assert {n: array.shape for n, array in session.weights().items()} == {
        "kernel": (3, 64),
        "offset": (3,),
    }


def test_load_gives_a_native_model_weights_under_its_librarys_names(installed, tmp_path):
    own = {"kernel": WEIGHTS["fc.weight"], "offset": WEIGHTS["fc.bias"]}
    save_file(own, tmp_path / "w.safetensors")
    for weights in (own, tmp_path / "w.safetensors"):
        session = benchsuite.load("numpy/plain", backend="numpy-adopting", weights=weights)
        assert all(np.array_equal(session.weights()[name], own[name]) for name in own)
    with pytest.raises(UsageError, match=r"numpy/plain: missing: kernel; .* fc\.weight"):
        benchsuite.load(
            "numpy/plain",
            backend="numpy-adopting",
            weights={"fc.weight": own["kernel"], "offset": own["offset"]},
        )


def test_package_offers_what_it_lists():
    assert {name for name in benchsuite.__all__ if getattr(benchsuite, name) is None} == set()
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        benchsuite.lod  # noqa: B018 - the access is the test
