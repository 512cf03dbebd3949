import pytest

from benchsuite.contract import Setup
from benchsuite.errors import MissingDependencyError, UnknownNameError, UnsupportedError
from benchsuite.hooks import load_plugins
from benchsuite.networks import choose_networks, find_network, open_network


@pytest.fixture
def plugins(native_plugins):
    return load_plugins(native_plugins)


def chosen(patterns, plugins):
    return [network.name for network in choose_networks(patterns, plugins)]


def test_choose_networks_leaves_native_models_out_of_all(plugins):
    assert chosen(["all"], plugins) == list(plugins.architectures)
    assert chosen(["*"], plugins) == list(plugins.architectures)


def test_choose_networks_takes_native_models_by_pattern(plugins):
    assert chosen(["mlp", "numpy/*"], plugins) == ["mlp", "numpy/plain", "numpy/takes_bytes"]


def test_choose_networks_leaves_out_what_is_not_installed(plugins):
    assert chosen(["numpy/plain", "*/*e*"], plugins)[0] == "numpy/plain"
    assert "future/model" in plugins.native_models


@pytest.mark.parametrize("pattern", ["future/model", "future/*"])
def test_choose_networks_names_the_missing_library(plugins, pattern):
    with pytest.raises(MissingDependencyError, match=r"numpy_of_the_future.*install the-future"):
        chosen([pattern], plugins)


def test_choose_networks_suggests_a_native_model(plugins):
    with pytest.raises(UnknownNameError, match=r"native model 'numpy/plane'.*'numpy/plain'"):
        chosen(["numpy/plane"], plugins)


def test_open_network_gives_a_native_model_its_librarys_weights(plugins):
    backend = plugins.backends["numpy-adopting"].load()()
    session = open_network(find_network("numpy/plain", plugins), backend, Setup(), (4, 4, 1), 3)
    assert {name: array.shape for name, array in session.weights().items()} == {
        "kernel": (3, 16),
        "offset": (3,),
    }


@pytest.mark.parametrize("backend", ["numpy-linear", "torch"])
def test_open_network_refuses_a_backend_that_does_not_fit(plugins, backend):
    class Other(plugins.backends["numpy-adopting"].load()):
        pass

    if backend == "torch":
        opened = Other()
        opened.name = "torch"
    else:
        opened = plugins.backends["numpy-linear"].load()()
    with pytest.raises(UnsupportedError, match=rf"backend '{backend}' cannot hold numpy/plain"):
        open_network(find_network("numpy/plain", plugins), opened, Setup())
