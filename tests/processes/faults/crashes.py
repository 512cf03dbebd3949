"""A backend whose processes misbehave in training, each seed in a way of its own (`-p`).

A case's first process is left alone, so that what goes wrong does so in a process of the asked
isolation; `CRASHES` and `HANGS` are the ways, in the order of their seeds.
"""

import ctypes
import errno
import fcntl
import os
import shutil
import signal
import stat
import sys
import time
from pathlib import Path

from benchsuite_example.backend import LinearBackend

from benchsuite import Target, hookimpl
from benchsuite.contract import Normalizer

LONG_S = 1000
TORCH_IS_FULL = (
    "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: "
    "you tried to allocate 9000000000000 bytes. Error code 12 (Cannot allocate memory)"
)


def _pipe():
    """The descriptor by which this worker speaks: the only pipe that it may write to."""
    for number in range(3, 64):
        try:
            is_pipe = stat.S_ISFIFO(os.fstat(number).st_mode)
        except OSError:
            continue
        if is_pipe and fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY:
            return number
    raise AssertionError("a worker has a pipe to speak by")


def _child(act=None):
    """Start a process that goes on for long, in a session of its own."""
    if os.fork() == 0:
        os.setsid()
        if act:
            act()
        time.sleep(LONG_S)
        os._exit(0)


def _daemon(act):
    """Start one whose parent is gone, too."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        if os.fork() == 0:
            act()
        os._exit(0)
    os.waitpid(pid, 0)


def _breed(depth=0):
    if depth < 4:
        for _ in range(3):
            _child(lambda: _breed(depth + 1))


def exits_with_seven():
    print("about to go", flush=True)
    os._exit(7)


def exits_as_if_well():
    os._exit(0)


def leaves_by_an_exception():
    sys.exit(0)


def segfaults():
    ctypes.string_at(0)


def aborts():
    os.abort()


def is_killed():
    os.kill(os.getpid(), signal.SIGKILL)


def dies_of_a_nameless_signal():
    os.kill(os.getpid(), signal.SIGRTMIN + 1)


def dies_before_its_child():
    """The child holds the pipe open, and speaks of nothing."""
    _child()
    os._exit(7)


def leaves_a_daemon():
    _daemon(lambda: time.sleep(LONG_S))


def leaves_a_daemon_without_a_name():
    """Another program, with nothing in its environment."""
    program = shutil.which("sleep")
    _daemon(lambda: os.execve(program, ["sleep", str(LONG_S)], {}))  # noqa: S606 - that is the point


def leaves_loader_workers():
    for _ in range(3):
        _child(lambda: [_child() for _ in range(3)])


def leaves_what_has_ended():
    for _ in range(3):
        _daemon(lambda: None)


def dies_in_the_middle_of_a_word():
    os.write(_pipe(), b'{"type":"Found","findings":{"mea')
    os.kill(os.getpid(), signal.SIGKILL)


def says_nonsense():
    os.write(_pipe(), b"INFO: using 4 threads\n")


def says_half_a_line():
    os.write(_pipe(), b"Loading ... ")


def says_bytes():
    os.write(_pipe(), b"\xff\x00\xfe\x1b[2J\n")


def says_another_object():
    os.write(_pipe(), b'{"type":"Promise","worth":1}\n')


def says_a_deep_object():
    os.write(_pipe(), b'{"type":"Ended","x":' + b"[" * 10_000 + b"\n")


def says_a_wrong_field():
    os.write(_pipe(), b'{"type":"Began","pid":"me"}\n')


def prints_without_end():
    for _ in range(80):
        os.write(1, b"flood\n" * 175_000)


def prints_some():
    os.write(1, b"noise\n" * 200_000)


def raises_what_cannot_be_shown():
    class UnprintableError(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    raise UnprintableError


def raises_a_whole_tensor():
    raise ValueError("0.25 " * 1_000_000)


def raises_what_cannot_be_encoded():
    raise ValueError("a file \udcff of old")


def overflows_its_stack():
    overflows_its_stack()


def is_full_as_torch():
    raise RuntimeError(TORCH_IS_FULL)


def is_full_as_c_plus_plus():
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
    os.abort()


def is_full_as_openblas():
    os.write(2, b"OpenBLAS error: Memory allocation still failed after 10 retries, giving up.\n")
    os._exit(1)


def fills_another_disk():
    """As PyTorch's loader workers do where a container's shared memory is small."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "torch_1")


def closes_everything():
    os.closerange(0, 64)


def removes_its_scratch_folder():
    folder = Path(os.environ["TMPDIR"])
    assert folder.name.startswith("benchsuite-")
    shutil.rmtree(folder)


def changes_its_folder():
    os.chdir("/")


def kills_its_parent():
    """Where it is forked; else its parent is the harness."""
    if os.getppid() != int(os.environ["BENCHSUITE_PARENT"]):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(LONG_S)
    os.kill(os.getpid(), signal.SIGKILL)


def hangs_in_native_code():
    """With Python's lock held: no thread of the process runs."""
    ctypes.PyDLL(None).sleep(LONG_S)


def is_stopped():
    os.kill(os.getpid(), signal.SIGSTOP)


def ignores_signals():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(LONG_S)


def breeds():
    """A tree of a hundred and twenty processes, each in a session of its own."""
    _breed()
    time.sleep(LONG_S)


def speaks_without_end():
    while True:
        os.write(_pipe(), b"x" * 65536)


CRASHES = (
    *(exits_with_seven, exits_as_if_well, leaves_by_an_exception, segfaults, aborts, is_killed),
    *(dies_of_a_nameless_signal, dies_before_its_child, leaves_a_daemon),
    *(leaves_a_daemon_without_a_name, leaves_loader_workers, leaves_what_has_ended),
    *(dies_in_the_middle_of_a_word, says_nonsense, says_half_a_line, says_bytes),
    *(says_another_object, says_a_deep_object, says_a_wrong_field, prints_without_end),
    *(prints_some, raises_what_cannot_be_shown, raises_a_whole_tensor),
    *(raises_what_cannot_be_encoded, overflows_its_stack, is_full_as_torch),
    *(is_full_as_c_plus_plus, is_full_as_openblas, fills_another_disk, closes_everything),
    *(removes_its_scratch_folder, changes_its_folder, kills_its_parent),
)
HANGS = (hangs_in_native_code, is_stopped, ignores_signals, breeds)


class _Misbehaves(LinearBackend):
    ways = ()

    def open(self, graph, weights, setup):
        trains = setup.normalizer != Normalizer()
        if trains and setup.seed < len(self.ways):
            self.ways[setup.seed]()
        return super().open(graph, weights, setup)


class Crashes(_Misbehaves):
    ways = CRASHES


class Hangs(_Misbehaves):
    ways = HANGS


class Babbles(_Misbehaves):
    ways = (speaks_without_end,)


@hookimpl
def benchsuite_backends():
    kinds = {"crashes": Crashes, "hanging": Hangs, "babbling": Babbles}
    return {
        name: Target(f"crashes:{kind.__name__}", "misbehaves", by_default=False)
        for name, kind in kinds.items()
    }
