import pytest
from fake_nvml import gpu, install
from msgspec.structs import replace

from benchsuite.measure import protocol
from benchsuite.run.tasks import TaskAtWork
from benchsuite.run.tasks.timing import measure_time


@pytest.fixture
def on_a_gpu(plan_cases, plugins, monkeypatch):
    """A task on a machine with a GPU that is held down by its power limit, or so it believes."""
    install(monkeypatch, gpu(CurrentClocksEventReasons=0x4))
    monkeypatch.setitem(protocol.PROTOCOLS, "smoke-2", replace(protocol.SMOKE, thorough=True))
    (case,) = plan_cases(["numpy-linear"])
    backend = plugins.backends["numpy-linear"].load()()
    backend.devices = lambda: ("cuda:0",)
    backend.device_name = lambda device: "a GPU"
    case = replace(case, device="cuda:0")
    return TaskAtWork("time", case, plugins, backend, inference_batch_sizes=(2,))


def test_every_timed_figure_has_the_state_of_the_gpu_and_its_flags(on_a_gpu):
    *series, surroundings = measure_time(on_a_gpu)

    timed = {one.metric: one for one in series if one.metric not in ("import", "build")}
    assert list(timed) == [
        *("latency", "latency_host", "inference_throughput", "training_throughput")
    ]
    for one in timed.values():
        assert one.reading.accelerator.sm_mhz == 1900
        assert "power_capped" in one.flags
    assert surroundings.ledger["time.gpu_power_limit_w"] == "700"
