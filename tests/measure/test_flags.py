import pytest
from msgspec.structs import replace

from benchsuite.measure.flags import (
    DISQUALIFYING,
    drift_flags,
    flags_of_most,
    modes,
    process_flags,
    spread_flags,
    stragglers,
)
from benchsuite.records.series import AcceleratorReading, Reading

QUIET = Reading(
    seconds=2.0,
    cores_used=1.9,
    foreign_fraction=0.01,
    steal_fraction=0.0,
    minor_faults=100,
    major_faults=0,
    voluntary_switches=10,
    involuntary_switches=10,
    threads=4,
    cpus=(0, 1),
)

AT_WORK = {"sm_mhz": 1900, "default_sm_mhz": 1800, "reasons": 0, "foreign_processes": 0}


def flags(*, cpus=(0, 1), calls=100, tuned=True, **reading):
    return process_flags(replace(QUIET, **reading), cpus=cpus, calls=calls, tuned=tuned)


def test_quiet_process_has_no_flag():
    assert flags() == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"foreign_fraction": 0.07}, ["contaminated"]),
        ({"foreign_fraction": 0.05}, []),
        ({"steal_fraction": 0.02}, ["stolen"]),
        ({"cores_used": 1.4}, ["under_parallel"]),
        ({"cores_used": 1.55}, []),
        ({"cpus": (0,), "cores_used": 1.0}, ["misbound", "under_parallel"]),
        ({"minor_faults": 60_000}, ["alloc_bound"]),
        ({"minor_faults": 60_000, "tuned": False}, []),
        ({"involuntary_switches": 500}, ["preempted"]),
        ({"involuntary_switches": 300}, []),
        # an accelerator computes: what the host's threads do says nothing
        ({"cpus": (0,), "cores_used": 0.1}, ["misbound", "under_parallel"]),
    ],
)
def test_each_cause_has_its_flag_and_no_other(change, found):
    assert flags(**{("cpus" if k == "bound" else k): v for k, v in change.items()}) == found


def test_host_of_an_accelerator_is_not_judged_by_its_cores():
    reading = replace(QUIET, cores_used=0.1, cpus=(0,))

    assert process_flags(reading, cpus=None, calls=1, tuned=True) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"reasons": 0x1 | 0x2 | 0x10 | 0x100}, []),
        ({"reasons": 0x4}, ["power_capped"]),
        *[({"reasons": bit}, ["throttled"]) for bit in (0x8, 0x20, 0x40, 0x80)],
        ({"reasons": 0x24}, ["power_capped", "throttled"]),
        ({"sm_mhz": 1349}, ["slow_clock"]),
        ({"sm_mhz": 1350}, []),
        ({"sm_mhz": 100, "default_sm_mhz": None}, []),
        ({"foreign_processes": 1}, ["contaminated"]),
        (dict.fromkeys(AT_WORK), []),
    ],
)
def test_state_of_a_gpu_has_its_flags(change, found):
    assert flags(accelerator=AcceleratorReading(**{**AT_WORK, **change})) == found


def test_power_cap_is_the_steady_state_of_a_large_gpu_and_disqualifies_nothing():
    assert "power_capped" not in DISQUALIFYING
    assert {"throttled", "slow_clock"} < DISQUALIFYING


def test_what_the_kernel_does_not_tell_raises_no_flag():
    unknown = Reading(seconds=1.0, cores_used=2.0)

    assert process_flags(unknown, cpus=(0, 1), calls=1, tuned=True) == []


RISING, FALLING = [100] * 10 + [102] * 10 + [104] * 10, [104] * 10 + [102] * 10 + [100] * 10


@pytest.mark.parametrize(
    ("processes", "found"),
    [
        ([RISING], ["drift"]),
        ([FALLING], ["drift"]),
        ([[100] * 10 + [120] * 10 + [102] * 10], []),
        ([[100, 200]], []),
        ([RISING, RISING, [100] * 30], ["drift"]),
        ([RISING, FALLING, RISING, FALLING], []),
        ([RISING, [100] * 30, [100] * 30], []),
    ],
)
def test_processes_that_get_slower_drift(processes, found):
    assert drift_flags(processes) == found


@pytest.mark.parametrize(
    ("values", "better", "found"),
    [
        ([1.0, 1.01, 0.99, 1.0, 1.02, 1.0], "lower", []),
        ([1.0, 1.1, 0.9, 1.0, 1.1, 0.9], "lower", ["noisy"]),
        ([1.0, 1.07, 0.93, 1.0, 1.07, 0.93], "higher", []),
        ([1.0, 1.01, 1.0, 1.5, 1.51, 1.5], "lower", ["noisy", "bimodal"]),
        ([1.0, 1.01, 1.0, 0.99, 1.0, 1.2], "higher", ["straggler"]),
        ([1.0], "lower", []),
    ],
)
def test_spread_over_processes_has_its_flags(values, better, found):
    assert spread_flags(values, better) == found


def test_modes_are_two_groups_of_two_processes_or_more():
    assert modes([1.5, 1.0, 1.01, 1.51]) == ([1.0, 1.01], [1.5, 1.51])
    assert modes([1.0, 1.01, 1.0, 1.5]) is None
    assert modes([1.0, 1.1, 1.2, 1.3]) is None
    assert modes([1.0]) is None


def test_straggler_is_named_by_its_place():
    assert stragglers([1.0, 1.3, 1.0, 1.01]) == [1]
    assert stragglers([1.0, 1.3]) == []


def test_what_an_interval_absorbs_disqualifies_nothing():
    assert DISQUALIFYING.isdisjoint({"straggler", "under_parallel", "alloc_bound", "preempted"})


def test_flags_of_most_processes_are_the_figures_and_contamination_always_is():
    processes = [("drift", "contaminated"), ("preempted", "drift"), ("preempted",), ("preempted",)]

    assert flags_of_most(processes) == ["contaminated", "preempted"]
