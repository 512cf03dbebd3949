from benchsuite.hooks import load_plugins
from benchsuite.testing import check_plugin_is_light


def test_plugin_is_light():
    check_plugin_is_light("benchsuite_mlflow")


def test_plugin_offers_the_exporter():
    plugins = load_plugins(["benchsuite_mlflow"])

    entry, argument = plugins.exporters.find("mlflow:sqlite:///mlflow.db")
    assert argument == ("sqlite:///mlflow.db",)
    assert callable(entry.load())
