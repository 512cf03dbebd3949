import json
import subprocess
import sys

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from benchsuite.graph.weights import digest_weights, draw_weights
from benchsuite.hooks import load_plugins
from benchsuite.testing import random_weights

NUMPY = ("-p", "benchsuite.reference.plugin")
TEXT = """
from benchsuite import Target, hookimpl

@hookimpl
def benchsuite_weight_readers():
    return {".txt": Target("text_weights:read", "numbers, one a line")}

def read(path):
    import numpy as np
    from benchsuite.graph.weights import Checkpoint
    numbers = np.loadtxt(path, dtype=np.float32)
    return Checkpoint({"fc.weight": numbers[:4].reshape(2, 2), "fc.bias": numbers[4:]})
"""


def graph_of(name, *arguments):
    return load_plugins().architectures[name].load().trace(*arguments)


def metadata(path):
    with safe_open(path, framework="numpy") as file:
        return file.metadata()


def test_export_writes_the_initial_weights(benchsuite, tmp_path):
    result = benchsuite("export-weights", "lenet5", "w.safetensors", "--seed", "3")

    drawn = draw_weights(graph_of("lenet5"), 3)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "lenet5: 10 tensors, 61,706 parameters, 0 buffers",
        f"sha256 {digest_weights(drawn)}",
        "written: w.safetensors",
    ]
    written = load_file(tmp_path / "w.safetensors")
    assert digest_weights(written) == digest_weights(drawn)
    assert metadata(tmp_path / "w.safetensors")["seed"] == "3"


def test_export_takes_seed_0_by_default(benchsuite, tmp_path):
    benchsuite("export-weights", "lenet5", "w.safetensors")

    assert digest_weights(load_file(tmp_path / "w.safetensors")) == digest_weights(
        draw_weights(graph_of("lenet5"), 0)
    )


def test_export_takes_another_files_weights_through_a_backend(benchsuite, tmp_path):
    weights = random_weights(graph_of("lenet5", (20, 24, 3), 7))
    np.savez(tmp_path / "w.npz", **{name: array.astype("f8") for name, array in weights.items()})

    arguments = ("w.safetensors", "--weights", "w.npz", "--input", "20x24x3", "--classes", "7")
    result = benchsuite(*NUMPY, "export-weights", "lenet5", *arguments, "--backend", "numpy")

    assert result.exit_code == 0
    assert "10 tensors converted from float64 to float32" in result.stdout
    assert digest_weights(load_file(tmp_path / "w.safetensors")) == digest_weights(weights)
    assert metadata(tmp_path / "w.safetensors")["source"] == "w.npz"


def test_import_reports_what_it_found_and_writes_it(benchsuite, tmp_path):
    weights = random_weights(graph_of("cnn_bn"))
    counters = {f"bn{index}.num_batches_tracked": np.array(5) for index in (1, 2)}
    np.savez(tmp_path / "w.npz", **weights, **counters)

    arguments = ("w.npz", "cnn_bn", "--backend", "numpy", "-o", "out.safetensors")
    result = benchsuite(*NUMPY, "import-weights", *arguments)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "'w.npz' fits cnn_bn: 20 tensors, 168,874 parameters, 192 buffers",
        f"sha256 {digest_weights(weights)}",
        "ignored: 2 × num_batches_tracked",
        "numpy gives back the same bits",
        "written: out.safetensors",
    ]
    assert digest_weights(load_file(tmp_path / "out.safetensors")) == digest_weights(weights)


def test_import_writes_nothing_unasked(benchsuite, tmp_path):
    np.savez(tmp_path / "w.npz", **random_weights(graph_of("lenet5")))

    assert benchsuite("import-weights", "w.npz", "lenet5").exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["w.npz"]


def test_import_takes_an_input_and_classes(benchsuite, tmp_path):
    np.savez(tmp_path / "w.npz", **random_weights(graph_of("lenet5", (20, 20, 2), 3)))

    options = ("--input", "20x20x2", "--classes", "3")
    assert benchsuite("import-weights", "w.npz", "lenet5", *options).exit_code == 0
    refused = benchsuite("import-weights", "w.npz", "lenet5")
    assert refused.exit_code == 2
    assert "fc3.bias: expected (10,), got (3,)" in refused.stderr


@pytest.fixture
def text_weights(tmp_path):
    """A plugin's file that reads weights from plain text."""
    file = tmp_path / "text_weights.py"
    file.write_text(TEXT)
    yield file
    sys.modules.pop(file.stem, None)


def test_import_reads_the_formats_of_plugins(benchsuite, text_weights, tmp_path):
    (tmp_path / "w.txt").write_text("\n".join("1234567"))

    result = benchsuite("-p", text_weights, "import-weights", "w.txt", "mlp")

    assert result.exit_code == 2
    assert "not in the network: fc.weight, fc.bias" in result.stderr


def test_list_plugins_shows_what_reads_weights(benchsuite, text_weights):
    rows = json.loads(benchsuite("-p", text_weights, "list", "plugins", "--json").stdout)

    offered = {row["name"]: [(x["kind"], x["name"]) for x in row["offers"]] for row in rows}
    assert offered["text_weights"] == [("weight reader", ".txt")]
    assert ("weight reader", ".safetensors") in offered["core"]


BAD = [
    (("import-weights", "none.npz", "lenet5"), "no such file: 'none.npz'"),
    (("import-weights", "w.npz", "lenet"), "Did you mean 'lenet5'?"),
    (
        ("import-weights", "w.npz", "mlp"),
        "do not fit mlp: not in the network: conv1.weight, conv1.bias",
    ),
    (("import-weights", "w.npz", "lenet5", "--backend", "nmpy"), "Did you mean 'numpy'?"),
    (("import-weights", "w.npz", "lenet5", "-o", "o.npz"), "end the name in .safetensors"),
    (("import-weights", "w.h5", "lenet5"), "unknown weight reader '.h5'"),
    (("export-weights", "lenet5", "o.safetensors", "--backend", "nmpy"), "Did you mean 'numpy'?"),
    (("export-weights", "lenet5", "o.npz"), "end the name in .safetensors"),
    (("export-weights", "lenet5", "nowhere/o.safetensors"), "cannot be written"),
    (("export-weights", "lenet5", "o.safetensors", "--input", "4"), "at least 12×12"),
    (
        ("export-weights", "lenet5", "o.safetensors", "--weights", "w.npz", "--seed", "0"),
        "give --weights or --seed, not both",
    ),
]


@pytest.mark.parametrize(("arguments", "expected"), BAD)
def test_bad_input_is_one_clear_line_and_exit_code_2(benchsuite, tmp_path, arguments, expected):
    np.savez(tmp_path / "w.npz", **draw_weights(graph_of("lenet5"), 0))
    (tmp_path / "w.h5").touch()

    result = benchsuite(*NUMPY, *arguments)

    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert expected in result.stderr
    assert result.stderr.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"w.npz", "w.h5"}


@pytest.mark.parametrize("command", ["export-weights", "import-weights"])
def test_help_imports_nothing_heavy(command):
    script = (
        "import sys; from benchsuite.cli import cli; cli([sys.argv[1], '--help'], "
        "standalone_mode=False); print('LOADED', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, command], capture_output=True, text=True, check=True
    )

    modules = done.stdout.partition("LOADED")[2].split()
    assert "benchsuite.cli" in modules
    assert {"numpy", "safetensors", "pluggy", "torch", "keras"}.isdisjoint(modules)
