import click
import pytest
from click.shell_completion import ShellComplete

from benchsuite.cli import cli
from benchsuite.cli.parameters import InputShape, Integers, Names, traced
from benchsuite.hooks import load_plugins


def completions(*arguments):
    """What the shell offers after these words; the last is incomplete."""
    completer = ShellComplete(cli, {}, "benchsuite", "_BENCHSUITE_COMPLETE")
    found = completer.get_completions(list(arguments[:-1]), arguments[-1])
    return [item.value for item in found]


@pytest.fixture(autouse=True)
def core_only(monkeypatch):
    monkeypatch.setenv("BENCHSUITE_DISABLE", "torch,keras")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_shells_script(benchsuite, shell):
    result = benchsuite("completion", shell)

    assert result.exit_code == 0
    assert f"_BENCHSUITE_COMPLETE={shell}_complete" in result.stdout
    assert "_benchsuite_completion" in result.stdout


def test_click_prints_the_same_script_by_its_own_variable(benchsuite):
    result = benchsuite(_BENCHSUITE_COMPLETE="zsh_source")

    assert result.stdout == benchsuite("completion", "zsh").stdout


def test_commands_complete():
    assert completions("sh") == ["show", "show-batch"]


def test_architectures_complete():
    assert completions("show", "resnet18") == ["resnet18", "resnet18_cifar"]


def test_datasets_complete():
    assert completions("run", "--dataset", "dig") == ["digits"]


def test_names_after_a_comma_complete_without_those_before_it():
    assert completions("run", "--archs", "lenet5,resnet18") == [
        "lenet5,resnet18",
        "lenet5,resnet18_cifar",
    ]
    assert completions("run", "--archs", "resnet18,lenet5,resnet18_") == [
        "resnet18,lenet5,resnet18_cifar"
    ]


def test_names_of_unpackaged_plugins_complete(acme):
    assert completions("-p", str(acme), "run", "--backends", "ac") == ["acme"]


def test_completion_is_silent_where_a_plugin_is_missing():
    assert completions("-p", "no_such_plugin", "show", "res") == []


def test_names_are_split_at_commas():
    names = Names("architectures")

    assert names.convert("resnet*, lenet5,", None, None) == ("resnet*", "lenet5")
    assert names.convert(("lenet5",), None, None) == ("lenet5",)


@pytest.mark.parametrize("value", ["", " , ", ()])
def test_names_refuse_nothing(value):
    with pytest.raises(click.BadParameter, match="names nothing"):
        Names("architectures").convert(value, None, None)


def test_seeds_are_split_at_commas():
    assert Integers("seeds").convert("0, 1,12", None, None) == (0, 1, 12)
    assert Integers("seeds").convert((3,), None, None) == (3,)


@pytest.mark.parametrize("value", ["", "-1", "1,,2", "one", "1.5", "²"])
def test_seeds_refuse_what_is_no_list_of_them(value):
    with pytest.raises(click.BadParameter, match="not a list of seeds"):
        Integers("seeds").convert(value, None, None)


def test_input_shape_keeps_what_is_one_already():
    assert InputShape().convert((8, 8, 1), None, None) == (8, 8, 1)


@pytest.mark.parametrize(
    ("extents", "shape"),
    [(None, (28, 28, 1)), ((32, 40), (32, 40, 1)), ((32, 40, 3), (32, 40, 3))],
)
def test_traced_fills_in_the_networks_own_size(extents, shape):
    graph = traced(load_plugins(), "lenet5", extents, 7)
    assert (graph.input_shape, graph.output.shape) == (shape, (7,))
