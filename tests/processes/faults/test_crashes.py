"""What goes wrong in one case's processes is one record, and costs the next case nothing."""

import pytest

from benchsuite.processes import channel
from benchsuite.records.causes import STATUS_BY_CAUSE

pytestmark = [pytest.mark.faults, pytest.mark.slow]  # thirty seconds for each of three runs

NONSENSE = "its process sent an invalid message, "
LAST_WORDS = "its process died, and its last words are of memory: "
#: By the way to misbehave: the cause, and what the reason begins with.
CRASHES = {
    "exits_with_seven": ("exit", "its process ended with exit code 7"),
    "exits_as_if_well": ("exit", "its process ended with exit code 0 before it had finished"),
    "leaves_by_an_exception": ("exception", "SystemExit: 0"),
    "segfaults": ("killed", "its process was killed by SIGSEGV"),
    "aborts": ("killed", "its process was killed by SIGABRT"),
    "is_killed": ("killed", "its process was killed by SIGKILL"),
    "dies_of_a_nameless_signal": ("killed", "its process was killed by signal 35"),
    "dies_before_its_child": ("exit", "its process ended with exit code 7"),
    "leaves_a_daemon": ("", ""),
    "leaves_a_daemon_without_a_name": ("", ""),
    "leaves_loader_workers": ("", ""),
    "leaves_what_has_ended": ("", ""),
    "dies_in_the_middle_of_a_word": ("killed", "its process was killed by SIGKILL"),
    "says_nonsense": ("invalid_message", f"{NONSENSE}'INFO: using 4 threads'"),
    "says_half_a_line": ("invalid_message", f"{NONSENSE}'Loading ... '"),
    "says_bytes": ("invalid_message", rf"{NONSENSE}'\xff\x00\xfe\x1b[2J'"),
    "says_another_object": ("invalid_message", NONSENSE),
    "says_a_deep_object": ("invalid_message", NONSENSE),
    "says_a_wrong_field": ("invalid_message", NONSENSE),
    "prints_without_end": ("flood", "it printed more than 64 MiB"),
    "prints_some": ("", ""),
    "raises_what_cannot_be_shown": ("exception", "UnprintableError: what it says cannot be shown"),
    "raises_a_whole_tensor": ("exception", "ValueError: 0.25 0.25"),
    "raises_what_cannot_be_encoded": ("exception", "ValueError: a file ? of old"),
    "overflows_its_stack": ("exception", "RecursionError: maximum recursion depth exceeded"),
    "is_full_as_torch": ("out_of_memory", "RuntimeError: [enforce fail at alloc_cpu.cpp:124]"),
    "is_full_as_c_plus_plus": (
        "out_of_memory",
        "its process died, and its last words are of memory: term",
    ),
    "is_full_as_openblas": (
        "out_of_memory",
        "its process died, and its last words are of memory: OpenBLAS",
    ),
    "fills_another_disk": ("exception", "OSError: [Errno 28] No space left on device: 'torch_1'"),
    "closes_everything": ("exit", "its process ended with exit code 1"),
    "removes_its_scratch_folder": ("", ""),
    "changes_its_folder": ("", ""),
    "kills_its_parent": ("killed", "its process was killed by SIGKILL"),
}
HANGS = ("hangs_in_native_code", "is_stopped", "ignores_signals", "breeds")
#: Those that go another way where every process is an interpreter of its own.
SPAWNED = (
    *("exits_with_seven", "exits_as_if_well", "leaves_by_an_exception", "segfaults"),
    *("dies_before_its_child", "leaves_a_daemon", "leaves_a_daemon_without_a_name"),
    *("leaves_loader_workers", "leaves_what_has_ended", "dies_in_the_middle_of_a_word"),
    *("says_nonsense", "says_half_a_line", "closes_everything"),
)


@pytest.fixture(scope="module")
def forked(crashes):
    return crashes("crashes", isolation="fork")


@pytest.fixture(scope="module")
def spawned(crashes):
    return crashes("crashes", SPAWNED, isolation="spawn")[1]


@pytest.fixture(scope="module")
def hanging(crashes):
    return crashes("hanging", isolation="fork", timeout_s=6)[1]


def test_every_way_to_crash_is_expected(forked):
    assert list(forked[1]) == [*CRASHES, "behaves"]


@pytest.mark.parametrize("way", CRASHES)
def test_crash_is_one_record_with_its_reason(forked, way):
    cause, reason = CRASHES[way]

    record = forked[1][way]

    assert (record.cause, record.status) == (cause, STATUS_BY_CAUSE[cause])
    assert record.reason[:7] == ("train: " if reason else "")
    assert record.reason.removeprefix("train: ").startswith(reason)
    assert len(record.reason) < 1200


@pytest.mark.parametrize("way", SPAWNED)
def test_crash_of_an_interpreter_of_its_own_is_the_same(spawned, way):
    cause, reason = CRASHES[way]

    assert spawned[way].cause == cause
    assert spawned[way].reason.removeprefix("train: ").startswith(reason)


@pytest.mark.parametrize("runs", ["forked", "spawned", "hanging"])
def test_case_that_follows_runs_well(request, runs):
    found = request.getfixturevalue(runs)
    records = found if isinstance(found, dict) else found[1]

    assert (records["behaves"].status, records["behaves"].reason) == ("ok", "")


def test_crash_keeps_the_last_lines_of_its_output(forked):
    assert forked[1]["exits_with_seven"].log_tail == "about to go"


def test_flood_leaves_the_first_and_the_last_part_of_its_log(forked):
    run, records = forked
    record = records["prints_without_end"]

    log = run.folder / "logs" / f"{record.case.id}.train.log"

    content = log.read_bytes()
    assert len(content) < 2.1 * 2**20
    assert b"benchsuite left out 8" in content
    assert content.startswith(b"flood\n")
    assert content.endswith(b"flood\n")
    assert set(record.log_tail.split()) == {"flood"}


@pytest.mark.parametrize("way", HANGS)
def test_time_is_limited_whatever_hangs(hanging, way):
    assert (hanging[way].status, hanging[way].cause) == ("timeout", "timeout")
    assert hanging[way].reason == "train: not done within 6 s (--timeout)"


def test_line_without_end_is_cut_short(crashes, monkeypatch):
    monkeypatch.setattr(channel, "LONGEST_BYTES", 2**20)

    _, records = crashes("babbling", isolation="fork")

    speaks = records["speaks_without_end"]
    assert speaks.status == "failed"
    assert f"{NONSENSE}a line of more than 1 MiB: 'xxx" in speaks.reason
    assert records["behaves"].status == "ok"
