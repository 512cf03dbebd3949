import inspect
import subprocess
import sys

from benchsuite.hooks import manager, specs


def test_every_specification_fills_a_registry():
    specified = {
        name for name, value in vars(specs).items() if inspect.isfunction(value) and value.__doc__
    }

    assert specified == set(manager._HOOKS.values())


def test_loading_plugins_imports_no_framework_and_no_numpy():
    script = (
        "import sys; from benchsuite.hooks import load_plugins; load_plugins();"
        "print([m for m in ('numpy', 'torch', 'keras', 'tensorflow', 'jax') if m in sys.modules])"
    )

    output = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert output.stdout.strip() == "[]"
