import subprocess
import sys
import time

AGE = """
import time
from benchsuite.worker import serve as worker
time.time = lambda: 0.0
time.sleep(0.2)
print(worker._age_s())
"""


def test_age_of_a_process_does_not_depend_on_the_date():
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", AGE], capture_output=True, text=True, check=True)

    assert 0.2 < float(done.stdout) < time.monotonic() - start + 0.1
