"""Nothing that could run what it reads."""

import ast
from pathlib import Path

import benchsuite

PLACES = [Path(benchsuite.__file__).parent, *Path(__file__).parents[2].glob("plugins/*/src")]
CALLS = [
    (path, node)
    for place in PLACES
    for path in place.rglob("*.py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.Call)
]


def calls(name):
    return [(path, node) for path, node in CALLS if ast.unparse(node.func) == name]


def has(node, word, value):
    return any(k.arg == word and ast.unparse(k.value) == value for k in node.keywords)


def test_numpy_loads_no_pickles():
    found = calls("np.load")

    assert found
    for path, node in found:
        assert has(node, "allow_pickle", "False"), f"{path}:{node.lineno}"


def test_torch_loads_weights_only():
    found = calls("torch.load")

    assert found
    for path, node in found:
        assert has(node, "weights_only", "True"), f"{path}:{node.lineno}"


def test_images_are_opened_in_the_documented_formats():
    found = calls("Image.open")

    assert found
    for path, node in found:
        assert has(node, "formats", "_FORMATS"), f"{path}:{node.lineno}"


def test_pickles_are_read_from_our_own_processes_alone():
    assert {path.name for path, _ in calls("pickle.load")} == {
        "decoder_pool.py",
        "decoder_process.py",
    }
    for name in ("pickle.loads", "yaml.load", "eval", "exec", "joblib.load", "os.system"):
        assert not calls(name), name


def test_no_archive_is_written_to_the_disk():
    for _, node in CALLS:
        if isinstance(node.func, ast.Attribute):
            assert node.func.attr not in ("extractall", "unpack_archive")
