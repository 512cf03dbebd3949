import os
import subprocess
import sys
import time

import numpy as np
import pytest
from fake_nvml import gpu, install

from benchsuite.measure.machine import watch as watching
from benchsuite.measure.machine.watch import Watch

linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux'")


def busy(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_watch_counts_this_process_and_its_children():
    watch = Watch()
    busy(0.2)
    spin = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", spin], check=True)

    reading = watch.reading()

    assert reading.cores_used * reading.seconds == pytest.approx(
        0.5, rel=0.3
    )  # in ticks, and start-up


@linux
def test_watch_sees_a_process_of_another():
    spin = "import time\nprint(flush=True)\nend = time.time() + 30\nwhile time.time() < end: pass"
    with subprocess.Popen([sys.executable, "-c", spin], stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        watch = Watch()
        time.sleep(1.0)
        reading = watch.reading()
        other.kill()

    assert reading.foreign_fraction > 0.5 / os.cpu_count()


@linux
def test_watch_takes_its_own_work_for_no_foreign_one(monkeypatch):
    seconds = iter([(100.0, 5.0), (102.5, 5.5)])
    own = iter([10.0, 12.0])
    monkeypatch.setattr(watching, "_machine", lambda: next(seconds))
    monkeypatch.setattr(watching, "_own_cpu_s", lambda: next(own))
    watch = Watch()
    time.sleep(0.1)

    reading = watch.reading()

    whole = reading.seconds * os.cpu_count()
    assert reading.foreign_fraction == pytest.approx(0.5 / whole)
    assert reading.steal_fraction == pytest.approx(0.5 / whole)


@linux
def test_watch_counts_page_faults():
    watch = Watch()
    block = np.ones(64 * 2**20, np.uint8)

    assert watch.reading().minor_faults >= 30
    assert block[0]


@pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="needs Linux, and two CPUs"
)
@pytest.mark.parametrize("works", [True, False])
def test_watch_tells_where_threads_at_work_may_run(works):
    """Of two threads, each bound to a CPU of its own, one works, or both."""
    first, *_, last = sorted(os.sched_getaffinity(0))
    script = (
        "import os, sys, threading, time\n"
        "from benchsuite.measure.machine.watch import Watch\n"
        "def busy(cpu, works):\n"
        "    os.sched_setaffinity(0, {cpu})\n"
        "    end = time.thread_time() + 0.2\n"
        "    while works and time.thread_time() < end: pass\n"
        "    done.wait()\n"
        "done = threading.Event()\n"
        f"asked = (({first}, True), ({last}, {works}))\n"
        "threads = [threading.Thread(target=busy, args=one) for one in asked]\n"
        "watch = Watch()\n"
        "[thread.start() for thread in threads]\n"
        f"os.sched_setaffinity(0, {{{first}}})\n"
        "time.sleep(0.8)\n"
        "print(watch.reading().cpus)\n"
        "done.set()\n"
    )
    calm = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # its pool waits in a busy loop at first
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, env=calm
    )

    expected = (first, last) if works else (first,)
    assert found.stdout.decode().strip() == str(expected)


def test_watch_tells_what_it_can_elsewhere(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")

    reading = Watch().reading()

    assert (reading.foreign_fraction, reading.steal_fraction) == (None, None)
    assert (reading.cpus, reading.threads) == (None, None)


def test_watch_reads_the_gpu_at_both_ends(monkeypatch):
    clocks, reasons = iter([1900, 3200, 1400, 3200]), iter([0x4, 0x20])
    changing = gpu(
        ClockInfo=lambda _: next(clocks), CurrentClocksEventReasons=lambda: next(reasons)
    )
    install(monkeypatch, changing)

    state = Watch("cuda:0").reading().accelerator

    assert (state.sm_mhz, state.memory_mhz, state.reasons) == (1400, 3200, 0x24)


def test_watch_of_a_cpu_reads_no_gpu(monkeypatch):
    install(monkeypatch, gpu())

    assert Watch().reading().accelerator is None
