from textwrap import dedent

import pytest

from benchsuite.errors import ClashError, UsageError
from benchsuite.hooks import load_plugins

ARCHITECTURE = """
    @hookimpl
    def benchsuite_architectures():
        return {"tiny": Target("%s.nets:tiny", "A tiny network.")}
"""


def test_load_plugins_finds_the_core_through_its_own_entry_point():
    core = load_plugins().info("core")

    assert core.distribution == "benchsuite"
    assert "benchsuite_architectures" in core.hooks
    assert core.error == ""


def test_load_plugins_finds_an_installed_plugin_and_keeps_its_provenance(install):
    install("acme-nets", ARCHITECTURE % "acme_nets", version="2.5")

    plugins = load_plugins()

    info = plugins.info("acme_nets")
    assert info.provenance == "acme-nets 2.5"
    assert info.hooks == ("benchsuite_architectures",)
    assert plugins.architectures["tiny"].plugin == "acme_nets"


def test_load_plugins_refuses_a_clash_and_names_both_distributions(install):
    install("acme-nets", ARCHITECTURE % "acme_nets", version="2.5")
    install("beta-nets", ARCHITECTURE % "beta_nets", version="0.3")

    with pytest.raises(ClashError, match="architecture 'tiny'") as caught:
        load_plugins()

    assert "acme-nets 2.5" in str(caught.value)
    assert "beta-nets 0.3" in str(caught.value)
    assert "BENCHSUITE_DISABLE=beta_nets" in str(caught.value)


def test_load_plugins_names_both_distributions_that_share_an_entry_points_name(install):
    install("acme-nets", ARCHITECTURE % "acme_nets", entry_point="nets")
    install("beta-nets", "", entry_point="nets")

    plugins = load_plugins()

    broken = [info for info in plugins.infos if info.error]
    assert len(broken) == 1
    assert "acme-nets 1.0" in broken[0].error
    assert "beta-nets 1.0" in broken[0].error


def test_load_plugins_leaves_out_disabled_plugins(install, monkeypatch):
    install("acme-nets", ARCHITECTURE % "acme_nets")
    install("beta-nets", ARCHITECTURE % "beta_nets")
    monkeypatch.setenv("BENCHSUITE_DISABLE", "other, beta_nets")

    plugins = load_plugins()

    assert plugins.architectures["tiny"].plugin == "acme_nets"
    assert "beta_nets" not in {info.name for info in plugins.infos}


def test_load_plugins_lists_one_that_fails_on_import_and_keeps_the_rest(install):
    install("acme-nets", ARCHITECTURE % "acme_nets")
    install("broken-nets", "raise RuntimeError('no licence\\nfound')")

    plugins = load_plugins()

    assert plugins.info("broken_nets").error == "RuntimeError: no licence found"
    assert plugins.info("broken_nets").hooks == ()
    assert "tiny" in plugins.architectures
    assert "lenet5" in plugins.architectures


def test_load_plugins_reports_a_misspelt_hook_with_a_suggestion(install):
    install(
        "acme-nets",
        """
        @hookimpl
        def benchsuite_architecture():
            return {}
        """,
    )

    error = load_plugins().info("acme_nets").error

    assert "unknown hook 'benchsuite_architecture'" in error
    assert "Did you mean 'benchsuite_architectures'?" in error


def test_load_plugins_reports_a_hook_with_an_argument_that_is_not_specified(install):
    install(
        "acme-nets",
        """
        @hookimpl
        def benchsuite_backends(config):
            return {}
        """,
    )

    assert "config" in load_plugins().info("acme_nets").error


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        ("None", "a mapping of names to Targets, got None"),
        ("['tiny']", "a mapping of names to Targets, got ['tiny']"),
        ("{'tiny': 'a:b'}", "names to Targets, got 'tiny': 'a:b'"),
        ("{1: Target('a:b', '')}", "names to Targets, got 1: "),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_load_plugins_reports_a_hook_that_returns_no_targets(install, returned, expected):
    install(
        "acme-nets",
        f"""
        @hookimpl
        def benchsuite_metrics():
            return {returned}
        """,
    )

    plugins = load_plugins()

    assert expected in plugins.info("acme_nets").error
    assert set(plugins.metrics) == {"loss_nats", "top1_fraction", "top5_fraction"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Load time", "offers 'Load time': a probe's name has a-z, 0-9 and _ alone"),
        ("latency", "offers 'latency', which benchsuite itself measures"),
    ],
)
def test_load_plugins_refuses_a_probe_whose_name_could_be_no_column(install, name, expected):
    install(
        "acme-nets",
        f"""
        @hookimpl
        def benchsuite_probes():
            return {{{name!r}: Target("acme_nets:PROBE", "a figure")}}
        """,
    )

    plugins = load_plugins()

    assert expected in plugins.info("acme_nets").error
    assert len(plugins.probes) == 0


def test_load_plugins_takes_nothing_from_a_plugin_with_one_broken_hook(install):
    broken = "@hookimpl\ndef benchsuite_backends():\n    return 3\n"
    install("acme-nets", dedent(ARCHITECTURE % "acme_nets") + broken)

    plugins = load_plugins()

    assert plugins.info("acme_nets").error
    assert "tiny" not in plugins.architectures


def test_unpackaged_file_is_loaded_and_its_targets_can_name_it(site, tmp_path):
    file = tmp_path / "my_net.py"
    file.write_text(
        dedent(
            """
            from benchsuite import Target, hookimpl

            SCALE = 3

            @hookimpl
            def benchsuite_metrics():
                return {"scale": Target("my_net:SCALE", "a number")}
            """
        )
    )

    plugins = load_plugins([str(file)])

    assert plugins.metrics["scale"].load() == 3
    assert plugins.info("my_net").distribution == str(file)
    assert plugins.unpackaged == (str(file),)


def test_unpackaged_module_is_loaded_by_name(site):
    (site / "acme_nets.py").write_text("from benchsuite import Target, hookimpl\n")

    assert load_plugins(["acme_nets"]).info("acme_nets").error == ""


def test_unpackaged_plugin_named_twice_is_loaded_once(site):
    source = dedent(ARCHITECTURE % "acme_nets")
    (site / "acme_nets.py").write_text("from benchsuite import Target, hookimpl\n" + source)

    plugins = load_plugins(["acme_nets", "acme_nets"])

    assert [info.name for info in plugins.infos].count("acme_nets") == 1
    assert plugins.info("acme_nets").error == ""
    assert "tiny" in plugins.architectures


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("no_such_module", "No module named 'no_such_module'"),
        ("nowhere/plugin.py", "no such file"),
        ("./plugin", "name a module"),
        ("", "name a module"),
    ],
)
def test_unpackaged_plugin_that_is_not_there_is_refused(site, argument, expected):
    with pytest.raises(UsageError, match=expected) as caught:
        load_plugins([argument])

    assert str(caught.value).startswith(f"-p {argument}")


def test_unpackaged_file_must_not_take_the_place_of_a_module(site, tmp_path):
    (tmp_path / "sqlite3.py").write_text("")
    (tmp_path / "json.py").write_text("")

    for name in ("sqlite3.py", "json.py"):  # one that is not loaded yet, one that is
        with pytest.raises(UsageError, match="rename the file"):
            load_plugins([str(tmp_path / name)])


def test_unpackaged_file_that_fails_is_refused_with_its_error(site, tmp_path):
    file = tmp_path / "my_broken_net.py"
    file.write_text("1 / 0")

    with pytest.raises(UsageError, match="cannot be imported: ZeroDivisionError: division by zero"):
        load_plugins([str(file)])


@pytest.mark.parametrize(
    ("hook", "name"), [("architectures", "acme/tiny"), ("native_models", "tiny")]
)
def test_load_plugins_lets_native_models_alone_be_named_by_their_library(install, hook, name):
    install(
        "acme-nets",
        f"""
        @hookimpl
        def benchsuite_{hook}():
            return {{"{name}": Target("acme_nets:tiny", "A tiny network.")}}
        """,
    )

    error = load_plugins().info("acme_nets").error

    assert f"named `library/model`; benchsuite_{hook} offers '{name}'" in error


@pytest.mark.parametrize(
    "name",
    ["../up", "a/b", "", ".", "..", "-x", "=1+1", "a\\b", "\x1b[31m", "a\nb", "x" * 101, "[red]"],
)
def test_load_plugins_refuses_names_that_do_more_than_name(install, name):
    install("acme-nets", ARCHITECTURE.replace('"tiny"', repr(name)) % "acme_nets")

    plugins = load_plugins()

    assert "benchsuite_architectures" in plugins.info("acme_nets").error
    assert name not in plugins.architectures


def test_a_plugin_in_the_home_folder_is_named_without_it(tmp_path, monkeypatch):
    """Its provenance is in every record, and in what a resumed run compares."""
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / "at_home.py"
    file.write_text("")

    plugins = load_plugins([str(file)])

    assert plugins.info("at_home").provenance == "~/at_home.py"
    assert plugins.unpackaged == (str(file),)
