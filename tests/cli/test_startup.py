import os
import subprocess
import sys

import pytest

HEAVY = ("jax", "keras", "msgspec", "numpy", "pandas", "pluggy", "rich", "tensorflow", "torch")

#: What `benchsuite --help` imports, as the console script starts it.
SCRIPT = """
import sys
from benchsuite.cli import main
sys.argv = ["benchsuite", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("LOADED", *sys.modules)
"""
COMMAND = [sys.executable, "-c", "from benchsuite.cli import main; main()"]


def loaded(*arguments):
    output = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, check=True
    ).stdout
    return set(output.partition("LOADED")[2].split())


#: Commands that must not import more than they need to say what they do.
HELPFUL = (
    *("show", "run", "list", "leaderboard", "compare", "history"),
    *("report", "export", "merge"),
)


@pytest.mark.parametrize(
    "arguments",
    [(), *((name,) for name in HELPFUL)],
)
def test_help_imports_no_framework_and_nothing_heavy(arguments):
    modules = loaded(*arguments, "--help")

    assert "benchsuite.cli" in modules
    assert modules.isdisjoint(HEAVY)
    assert "importlib.metadata" not in modules


@pytest.mark.parametrize("kind", ["archs", "backends", "datasets", "plugins"])
def test_list_imports_no_framework(kind):
    modules = loaded("list", kind)

    assert "benchsuite.hooks" in modules
    assert modules.isdisjoint({"jax", "keras", "numpy", "pandas", "tensorflow", "torch"})


def best_of_5(*arguments):
    """CPU seconds of the whole process: its wall time where the machine has nothing else to do."""
    return min(cpu_seconds(*arguments) for _ in range(5))


def cpu_seconds(*arguments):
    before = os.times()
    subprocess.run([*COMMAND, *arguments], capture_output=True, check=True)
    after = os.times()
    return sum(
        getattr(after, field) - getattr(before, field)
        for field in ("children_user", "children_system")
    )


def test_help_is_fast():
    assert 0 < best_of_5("--help") < 0.3


def test_list_archs_is_fast():
    assert 0 < best_of_5("list", "archs") < 1.0


def test_error_in_a_real_process_has_exit_code_2_and_no_traceback():
    result = subprocess.run(
        [*COMMAND, "show", "resnet81"], capture_output=True, text=True, check=False
    )

    assert result.returncode == 2
    assert result.stderr.startswith("error: unknown architecture 'resnet81'")
    assert "Traceback" not in result.stderr
