import subprocess
import sys

PROGRAM = """
from benchsuite.measure.machine.memory import peak_bytes, reset_peak
block = bytearray(200 * 2**20)
block[::4096] = b"x" * len(block[::4096])
del block
before = reset_peak()
assert abs(peak_bytes() - before) < 20 * 2**20, "the peak was not reset"
block = bytearray(100 * 2**20)
block[::4096] = b"x" * len(block[::4096])
del block
print(peak_bytes() - before)
"""


def test_peak_is_that_since_the_reset_and_survives_the_release():
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert 95 * 2**20 < int(answer.stdout) < 125 * 2**20
