"""Every hook is documented with its signature, by a plugin that works as it stands."""

import inspect
import re
import sys
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchsuite.contract import Backend, Dataset, Metric, NativeModel, Probe, Quantity
from benchsuite.graph import Architecture
from benchsuite.graph.weights import Checkpoint
from benchsuite.hooks import Target, load_plugins, specs
from benchsuite.records import read_stored

TESTS = Path(__file__).parent.parent
HOOKS = {
    name: hook
    for name, hook in vars(specs).items()
    if inspect.isfunction(hook) and name.startswith("benchsuite_")
}


def _heading(name):
    signature = re.sub(r"[\w.]+\.(?=[A-Z])", "", str(inspect.signature(HOOKS[name])))
    return f"## `{name}{signature}`"


@pytest.fixture
def documented_plugin(document, blocks, installed_example, tmp_path, monkeypatch):
    """A function that loads the plugin in a hook's section, with the example beside it."""
    paths = installed_example["PYTHONPATH"].split(":")
    for path in paths:
        monkeypatch.syspath_prepend(path)
    before = set(sys.modules)

    def load(name):
        section = document("reference/hooks.md").partition(_heading(name))[2].partition("\n## ")[0]
        (block,) = blocks(section)
        (file,) = block.words
        (tmp_path / file).write_text(block.text)
        return load_plugins([str(tmp_path / file)]), file.removesuffix(".py")

    yield load
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(
            sys.modules[name].__file__
        ):
            del sys.modules[name]


def _offered(plugins, plugin, kind):
    assert not plugins.info(plugin).error
    (entry,) = (e for e in getattr(plugins, kind).values() if e.plugin == plugin)
    return entry.load()


def test_every_hook_is_documented_with_its_signature(document):
    text = document("reference/hooks.md")

    assert HOOKS
    assert [name for name in HOOKS if _heading(name) not in text] == []


def test_no_hook_is_documented_that_there_is_not(document):
    headings = [
        x for x in document("reference/hooks.md").splitlines() if x.startswith("## `benchsuite_")
    ]

    assert headings == [_heading(name) for name in HOOKS]


def test_every_hook_has_a_test():
    tests = "".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))

    assert [name for name in HOOKS if f"def test_hook_{name}(" not in tests] == []


def test_every_field_of_a_target_is_documented(document, table):
    rows = table(document("reference/hooks.md"), "## Target")

    assert [row[0] for row in rows] == [field.name for field in fields(Target)]


def test_hook_benchsuite_architectures(documented_plugin):
    network = _offered(*documented_plugin("benchsuite_architectures"), "architectures")

    assert isinstance(network, Architecture)
    assert network.trace().output.shape == (network.classes,)


def test_hook_benchsuite_backends(documented_plugin):
    make = _offered(*documented_plugin("benchsuite_backends"), "backends")

    assert isinstance(make(), Backend)


def test_hook_benchsuite_datasets(documented_plugin):
    dataset = _offered(*documented_plugin("benchsuite_datasets"), "datasets")()

    assert isinstance(dataset, Dataset)
    assert len(dataset.train.images) == len(dataset.train.labels)


def test_hook_benchsuite_exporters(documented_plugin):
    write = _offered(*documented_plugin("benchsuite_exporters"), "exporters")
    stored = list(read_stored([TESTS / "records" / "version3.json"]))

    assert write(stored, " = ") == "cnn_basic.torch.cpu.fp32.0.1c2fc352 = ok\n"


def test_hook_benchsuite_metrics(documented_plugin):
    assert isinstance(_offered(*documented_plugin("benchsuite_metrics"), "metrics"), Metric)


def test_hook_benchsuite_native_models(documented_plugin, monkeypatch):
    monkeypatch.setattr(Target, "missing", lambda self: ())  # the library is needed to build it
    model = _offered(*documented_plugin("benchsuite_native_models"), "native_models")

    assert isinstance(model, NativeModel)
    assert model.trace().input_shape == model.input_shape


def test_hook_benchsuite_probes(documented_plugin):
    probe = _offered(*documented_plugin("benchsuite_probes"), "probes")
    session = SimpleNamespace(predict=len)
    context = SimpleNamespace(
        session=session,
        batches=[SimpleNamespace(images=[0] * 3)],
        calls=2,
        timed=lambda call: call() / 2,
    )

    assert isinstance(probe, Probe)
    assert list(probe.measure(context)) == [1.5, 1.5]


def test_every_field_of_a_quantity_is_documented(document, table):
    rows = table(document("reference/hooks.md"), "### The quantity of a probe")

    assert [row[0] for row in rows] == list(Quantity.__struct_fields__)


def test_hook_benchsuite_weight_readers(documented_plugin, tmp_path):
    read = _offered(*documented_plugin("benchsuite_weight_readers"), "weight_readers")
    (tmp_path / "weights.json").write_text('{"fc.bias": [1.5, 2], "fc.weight": [[1, 2, 3]]}')

    checkpoint = read(tmp_path / "weights.json")

    assert isinstance(checkpoint, Checkpoint)
    assert {n: a.shape for n, a in checkpoint.arrays.items()} == {
        "fc.bias": (2,),
        "fc.weight": (1, 3),
    }
