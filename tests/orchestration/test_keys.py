import pytest
from msgspec.structs import replace

from benchsuite.orchestration.keys import Keys, changes
from benchsuite.processes.launcher import HostFacts
from benchsuite.processes.messages import BackendInspection

HOST = HostFacts(
    id="h",
    cpu="Test CPU",
    default_threads=2,
    can_fork=True,
    machine={"benchsuite": "1.0", "commit": "abc"},
)


@pytest.fixture
def case(make_record):
    shapes = {"input_shape": (8, 8, 1), "train_input_shape": (8, 8, 1)}
    return make_record(backend="numpy-linear", architecture="softmax_regression", **shapes).case


@pytest.fixture
def keys_of(plugins):
    """A function that makes the keys of a machine with such versions and such data."""

    def make(data="d" * 64, host=HOST, **versions):
        look = BackendInspection(versions=versions, devices=("cpu",), tiers=(), precisions=())
        return Keys(plugins, host, {"numpy-linear": look}, data)

    return make


def test_key_is_the_same_for_the_same(case, keys_of):
    assert keys_of(numpy="2").of(case) == keys_of(numpy="2").of(case)
    assert "" not in keys_of(numpy="2").of(case).values()


def test_key_has_what_a_result_depends_on(case, keys_of):
    usual = keys_of(numpy="2").of(case)

    assert changes(usual, keys_of(numpy="3").of(case)) == ["versions numpy 2 → numpy 3"]
    more = keys_of(numpy="2", blas="1").of(case)
    assert changes(usual, more) == ["versions numpy 2 → blas 1, numpy 2"]
    assert changes(usual, keys_of(data="e" * 64, numpy="2").of(case)) == ["data"]
    larger = replace(case, train_input_shape=(9, 9, 1))
    assert changes(usual, keys_of(numpy="2").of(larger)) == ["network"]


def test_what_is_not_known_says_nothing(case, keys_of, plugins):
    usual, unknown = keys_of(numpy="2").of(case), Keys(plugins, HOST, {}, "d" * 64).of(case)

    assert changes(usual, unknown) == changes(unknown, usual) == []
    assert "benchsuite" in changes({}, usual)[0]


def test_key_is_of_the_host_where_processes_run(case, keys_of):
    elsewhere = replace(HOST, cpu="Another CPU", gpus=({"name": "Test GPU"},))
    cpu = keys_of(host=elsewhere).of(case)
    gpu = keys_of(host=elsewhere).of(replace(case, device="cuda:0"))

    assert cpu["device"] == "Another CPU"
    assert gpu["device"] == "Another CPU; Test GPU"
    assert cpu["benchsuite"] == "1.0 abc"
