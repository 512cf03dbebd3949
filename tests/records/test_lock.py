import os
import subprocess
import sys

import pytest

from benchsuite.errors import UsageError
from benchsuite.records import locked

HOLDS = """
import sys
from pathlib import Path
from benchsuite.records import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_run_is_held_by_one_process(tmp_path):
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(UsageError, match=f"in use by process {other.pid}"), locked(tmp_path):
            pytest.fail("two hold it")
        other.kill()

    with locked(tmp_path):
        assert (tmp_path / "lock").read_text() == str(os.getpid())
