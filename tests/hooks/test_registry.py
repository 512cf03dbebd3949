import pytest

from benchsuite.errors import MissingDependencyError, PluginError, UnknownNameError, UsageError
from benchsuite.hooks import Entry, Registry, Target


def registry(*names):
    return Registry(
        "architecture",
        [Entry("architecture", name, Target(f"m:{name}", ""), "core") for name in names],
    )


def test_registry_is_in_order_of_name():
    assert list(registry("vgg16", "alexnet", "resnet18")) == ["alexnet", "resnet18", "vgg16"]


def test_registry_suggests_what_was_meant_and_lists_the_rest():
    with pytest.raises(UnknownNameError) as caught:
        registry("resnet18", "alexnet")["resnet8"]

    assert str(caught.value) == (
        "unknown architecture 'resnet8'. Did you mean 'resnet18'? Installed: alexnet, resnet18"
    )


def test_registry_suggests_nothing_where_nothing_is_close():
    with pytest.raises(UnknownNameError, match="'zzz'\\. Installed: none"):
        registry()["zzz"]


@pytest.fixture
def sources():
    targets = {"plain": Target("m:plain", ""), "folder": Target("m:folder", "", argument="PATH")}
    return Registry("source", [Entry("source", n, t, "me") for n, t in targets.items()])


def test_find_parts_the_name_from_its_argument(sources):
    assert sources.find("folder:/some:where") == (sources["folder"], ("/some:where",))
    assert sources.find("plain") == (sources["plain"], ())


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ("folder", UsageError, "source 'folder' needs a PATH: write folder:PATH"),
        ("folder:", UsageError, "needs a PATH"),
        ("plain:x", UsageError, "source 'plain' takes nothing behind its name, got 'plain:x'"),
        ("foldr:x", UnknownNameError, "Did you mean 'folder'"),
    ],
)
def test_find_says_what_is_wrong(sources, asked, error, said):
    with pytest.raises(error, match=said):
        sources.find(asked)


def test_select_takes_names_and_patterns_each_once_in_the_order_asked():
    names = registry("resnet50", "lenet5", "resnet18", "alexnet").select(
        ["resnet*", "lenet5", "resnet18"]
    )

    assert [entry.name for entry in names] == ["resnet18", "resnet50", "lenet5"]


def test_select_all_takes_every_one():
    assert [entry.name for entry in registry("b", "a").select(["all"])] == ["a", "b"]


def test_select_refuses_a_pattern_that_matches_nothing():
    with pytest.raises(UnknownNameError, match=r"unknown architecture 'vgg\*'"):
        registry("lenet5").select(["lenet5", "vgg*"])


def test_target_loads_what_its_path_names():
    assert Target("math:tau", "").load() == pytest.approx(6.283185307)


@pytest.mark.parametrize("path", ["math:no_such_thing", "no_such_module:x"])
def test_target_whose_path_leads_nowhere_is_the_plugins_fault(path):
    with pytest.raises(PluginError, match=path):
        Target(path, "").load()


def test_target_names_what_is_missing_and_how_to_install_it():
    target = Target("math:tau", "", requires=("math", "no_such_module"), install="pip install it")
    entry = Entry("backend", "acme", target, "acme")

    assert target.missing() == ("no_such_module",)
    with pytest.raises(MissingDependencyError) as caught:
        entry.load()
    assert str(caught.value) == (
        "backend 'acme' needs no_such_module, not installed: pip install it"
    )


def test_target_may_require_a_module_within_a_package():
    assert Target("", "", requires=("no_such_package.part",)).missing() == ("no_such_package.part",)
    assert Target("", "", requires=("xml.dom",)).missing() == ()


def test_an_unknown_architecture_of_a_library_is_told_apart():
    with pytest.raises(UnknownNameError, match=r"a native model has no graph .*`benchsuite run`"):
        Registry("architecture", [])["torchvision/resnet50"]


def test_registry_names_no_more_than_can_be_read():
    names = [f"net{number}" for number in range(61)]
    with pytest.raises(UnknownNameError, match="Installed: 61, which `benchsuite list` shows"):
        registry(*names)["other"]
