"""A plugin's entry module must be light: every `benchsuite list` imports it."""

import subprocess
import sys

#: What an entry module must not bring in; heavy things are named by a Target's path.
HEAVY = ("jax", "keras", "numpy", "tensorflow", "torch")

_SCRIPT = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(" ".join(name for name in sys.argv[2:] if name in sys.modules))
"""


def check_plugin_is_light(module_name: str) -> None:
    """Raise AssertionError where a fresh process fails to import it, or imports one of `HEAVY`."""
    command = [sys.executable, "-c", _SCRIPT, module_name, *HEAVY]
    # the command is this interpreter, and the name is the caller's own module
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if result.returncode:
        raise AssertionError(f"importing '{module_name}' failed:\n{result.stderr}")
    if result.stdout.strip():
        raise AssertionError(
            f"importing '{module_name}' also imports {result.stdout.strip()}: "
            f"name what needs it by a Target's path, which is loaded when chosen"
        )
