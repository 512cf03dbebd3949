import pytest
from msgspec.structs import replace

from benchsuite.records import RunStore
from benchsuite.records.merge import read_parts
from benchsuite.report.fairness.merged_parts import differences


@pytest.fixture
def part(tmp_path):
    """A function that stores records as a run and reads it as a part."""

    def make(name, *records, cpu="Test CPU", host="5bce98f73f3e"):
        store = RunStore(tmp_path / name, name)
        store.write_run({"run": name, "environment": {"cpu": cpu, "host": host}})
        for record in records:
            store.write(record)
        (part,) = read_parts(store.folder)
        return part

    return make


def test_parts_of_one_machine_differ_in_nothing(part, make_record):
    keras = make_record(backend="keras-jax")

    assert differences([part("one", make_record()), part("two", keras)]) == []


def test_machines_are_named_and_their_rows_kept_apart(part, make_record):
    other = make_record(backend="keras-jax", device_name="Other CPU", threads=8)

    lines = differences([part("one", make_record()), part("two", other, cpu="Other")])

    assert lines == [
        "cpu: Test CPU in one; Other in two",
        "device_name: Test CPU in one; Other CPU in two",
        "threads: 2 in one; 8 in two",
        "never ranked together: rows that differ in device_name, threads",
    ]


def test_two_machines_of_one_kind_are_named(part, make_record):
    parts = [part("one", make_record()), part("two", make_record(seed=1), host="b")]

    assert differences(parts) == ["host: 5bce98f73f3e in one; b in two"]


def test_versions_are_named(part, make_record):
    newer = replace(make_record(seed=1), benchsuite_version="0.2.0")

    lines = differences([part("one", make_record()), part("two", newer)])

    assert lines == ["benchsuite_version: 0.1.0 in one; 0.2.0 in two"]


@pytest.mark.parametrize(
    ("digest", "words"),
    [
        ("data", "data_digest: differs for the same data set"),
        ("split", "split_digest: differs for the same data set and seed"),
        ("initial_weights", "initial_weights_digest: differs for the same network and seed"),
        ("train_fingerprint", "train_fingerprint: differs for the same architecture and size"),
    ],
)
def test_digests_that_contradict_each_other_are_named(part, make_record, digest, words):
    one, other = make_record(), make_record(backend="keras-jax", digests={digest: "x" * 64})

    (line,) = differences([part("one", one), part("two", other)])

    assert line == f"{words}, as in {one.case.id} and {other.case.id}"


def test_another_network_under_the_same_name_is_named(part, make_record):
    size = replace(make_record().findings.size, fingerprint="x" * 64)

    (line,) = differences(
        [part("one", make_record()), part("two", make_record(backend="keras-jax", size=size))]
    )

    assert line.startswith("fingerprint: differs for the same architecture and size")


def test_other_data_sets_may_have_other_digests(part, make_record):
    other = make_record(dataset="mnist", digests={"data": "x" * 64, "split": "x" * 64})

    lines = differences([part("one", make_record()), part("two", other)])

    assert [line.partition(":")[0] for line in lines] == ["dataset", "never ranked together"]


def test_more_networks_are_no_difference(part, make_record):
    larger = make_record(
        architecture="vgg16",
        train_input_shape=(32, 32, 3),
        digests={"data": "x" * 64, "split": "y" * 64, "initial_weights": "z" * 64},
    )

    assert differences([part("one", make_record()), part("two", make_record(), larger)]) == []
