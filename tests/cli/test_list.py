import json
import sys

import pytest


def listed(benchsuite, *arguments):
    result = benchsuite(*arguments, "--json")
    assert result.exit_code == 0
    return {row["name"]: row for row in json.loads(result.stdout)}


def test_list_archs_shows_every_architecture(benchsuite):
    result = benchsuite("list", "archs")

    assert result.exit_code == 0
    line = next(line for line in result.stdout.splitlines() if line.startswith("resnet18 "))
    assert line.split()[:8] == [
        *("resnet18", "224×224×3", "1000", "11.7", "M", "1.81", "G", "core"),
    ]


def test_list_archs_as_json_is_complete_and_raw(benchsuite):
    from benchsuite.hooks import load_plugins

    rows = listed(benchsuite, "list", "archs")

    assert list(rows) == list(load_plugins().architectures)
    lenet = rows["lenet5"]
    assert lenet["input_shape"] == [28, 28, 1]
    assert lenet["classes"] == 10
    assert lenet["parameters"] == 61_706
    assert lenet["macs"] == 416_520
    assert lenet["flops"] == 833_040
    assert lenet["buffers"] == 0
    assert len(lenet["fingerprint"]) == 64
    assert "LeCun" in lenet["paper"]


def test_list_archs_is_one_line_a_row_in_a_pipe(benchsuite, monkeypatch):
    monkeypatch.delenv("COLUMNS")

    lines = benchsuite("list", "archs").stdout.splitlines()

    rows = listed(benchsuite, "list", "archs").values()
    assert [line.split()[0] for line in lines[1:]] == [row["name"] for row in rows]
    for line, row in zip(lines[1:], rows, strict=True):
        assert line.rstrip().endswith(row["summary"])


def test_list_archs_keeps_names_whole_on_a_narrow_terminal(benchsuite):
    lines = benchsuite("list", "archs", COLUMNS="80").stdout.splitlines()

    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines[1:]] == list(listed(benchsuite, "list", "archs"))


def test_list_archs_shows_one_that_is_broken_and_the_rest(benchsuite, acme):
    rows = listed(benchsuite, "-p", acme, "list", "archs")

    assert "no_such_module:net" in rows["acme_net"]["error"]
    assert rows["lenet5"]["parameters"] == 61_706
    assert "no_such_module:net" in benchsuite("-p", acme, "list", "archs").stdout


def test_list_backends_says_what_is_missing_and_how_to_install_it(benchsuite, acme):
    result = benchsuite("-p", acme, "list", "backends")

    assert result.exit_code == 0
    assert "no, needs no_such_module: pip install acme" in result.stdout
    row = listed(benchsuite, "-p", acme, "list", "backends")["acme"]
    assert row["missing"] == ["no_such_module"]
    assert row["install"] == "pip install acme"
    assert row["plugin"] == "acme_plugin"


def test_list_backends_says_which_are_available(benchsuite):
    plugin = "benchsuite.reference.plugin"
    result = benchsuite("-p", plugin, "list", "backends")

    line = next(line for line in result.stdout.splitlines() if line.startswith("numpy "))
    assert line.split()[1] == "yes"


@pytest.mark.parametrize(
    ("kind", "names"), [("datasets", {"digits"}), ("metrics", {"top1_fraction", "loss_nats"})]
)
def test_list_shows_the_cores_own(benchsuite, kind, names):
    assert names <= set(listed(benchsuite, "list", kind))
    for name in names:
        assert name in benchsuite("list", kind).stdout


def test_list_plugins_shows_provenance_hooks_and_what_is_missing(benchsuite, acme):
    row = listed(benchsuite, "-p", acme, "list", "plugins")["acme_plugin"]

    assert row["distribution"] == str(acme)
    assert row["hooks"] == ["benchsuite_architectures", "benchsuite_backends"]
    assert row["error"] == ""
    assert [(o["kind"], o["name"], o["missing"]) for o in row["offers"]] == [
        ("architecture", "acme_net", []),
        ("backend", "acme", ["no_such_module"]),
    ]
    text = benchsuite("-p", acme, "list", "plugins").stdout
    assert "backend acme: no, needs no_such_module: pip install acme" in text


@pytest.fixture
def broken(tmp_path):
    """A plugin file with a misspelt hook."""
    file = tmp_path / "broken_plugin.py"
    file.write_text(
        "from benchsuite import hookimpl\n@hookimpl\ndef benchsuite_backend(): return {}\n"
    )
    yield file
    del sys.modules["broken_plugin"]


def test_list_plugins_shows_one_that_is_broken(benchsuite, broken):

    rows = listed(benchsuite, "-p", broken, "list", "plugins")

    assert "unknown hook 'benchsuite_backend'" in rows["broken_plugin"]["error"]
    assert rows["core"]["version"]


def test_list_warns_of_a_broken_plugin_on_stderr(benchsuite, broken):
    result = benchsuite("-p", broken, "list", "datasets", "--json")

    assert json.loads(result.stdout)
    assert "is broken: PluginError: unknown hook 'benchsuite_backend'" in result.stderr


def test_list_of_nothing_says_so(benchsuite):
    result = benchsuite("list", "metrics", BENCHSUITE_DISABLE="core,torch,keras")

    assert result.stdout == "none\n"


def test_list_native_shows_models_and_what_they_need(benchsuite, native_plugins):
    options = [word for plugin in native_plugins for word in ("-p", plugin)]
    result = benchsuite(*options, "list", "native")

    assert result.exit_code == 0
    lines = {line.split()[0]: line.split() for line in result.stdout.splitlines()}
    assert lines["numpy/plain"][1:] == [
        *("yes", "numpy-adopt*,", "numpy-linear", "8×8×1", "600", "natives"),
    ]
    assert lines["future/model"][1:] == [
        *("no,", "needs", "numpy_of_the_future:", "pip", "install", "the-future"),
    ]


def test_list_native_as_json_is_raw(benchsuite, native_plugins):
    options = [word for plugin in native_plugins for word in ("-p", plugin)]
    rows = listed(benchsuite, *options, "list", "native")

    assert rows["numpy/plain"]["macs_about"] == 600
    assert rows["numpy/plain"]["backends"] == ["numpy-adopt*", "numpy-linear"]
    assert rows["future/model"]["missing"] == ["numpy_of_the_future"]


def test_list_native_shows_one_that_is_broken(benchsuite, tmp_path):
    file = tmp_path / "lost.py"
    file.write_text(
        "from benchsuite import Target, hookimpl\n"
        "@hookimpl\n"
        "def benchsuite_native_models():\n"
        "    return {'lost/model': Target('no_such_module:model', 'lost')}\n"
    )
    result = benchsuite("-p", file, "list", "native")
    sys.modules.pop("lost")

    assert result.exit_code == 0
    assert "no_such_module" in next(x for x in result.stdout.splitlines() if "lost/model" in x)
