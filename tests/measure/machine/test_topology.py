import pytest

from benchsuite.measure.machine.topology import by_core


@pytest.fixture
def machine(tmp_path):
    """Writes down what the kernel says: of each CPU its package, node and core."""

    def write(places):
        for cpu, (package, node, core) in enumerate(places):
            folder = tmp_path / f"cpu{cpu}"
            (folder / "topology").mkdir(parents=True)
            (folder / f"node{node}").mkdir()
            (folder / "topology" / "physical_package_id").write_text(f"{package}\n")
            (folder / "topology" / "core_id").write_text(f"{core}\n")
        return tmp_path

    return write


def test_siblings_of_a_core_come_last(machine):
    side_by_side = machine([(0, 0, 0), (0, 0, 0), (0, 0, 1), (0, 0, 1)])
    assert by_core(range(4), side_by_side) == [0, 2, 1, 3]


def test_one_package_is_filled_before_the_next(machine):
    in_turns = machine([(0, 0, 0), (1, 1, 0), (0, 0, 1), (1, 1, 1)])
    assert by_core(range(4), in_turns) == [0, 2, 1, 3]


def test_one_memory_node_is_filled_before_the_next(machine):
    in_turns = machine([(0, 0, 4), (0, 1, 2), (0, 0, 5), (0, 1, 3)])
    assert by_core(range(4), in_turns) == [0, 2, 1, 3]


def test_only_cpus_that_may_be_used_are_counted(machine):
    root = machine([(0, 0, 0), (0, 0, 0), (0, 0, 1), (0, 0, 1)])
    assert by_core([1, 3, 2], root) == [1, 2, 3]


def test_without_the_kernels_word_they_stay_in_order(tmp_path):
    assert by_core([3, 0, 2, 1], tmp_path) == [0, 1, 2, 3]
