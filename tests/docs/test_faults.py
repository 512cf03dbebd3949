"""docs/reference/faults.md names every planted fault of the shipped sources, in order."""

from shipped_faults import read_faults


def test_every_fault_is_documented_with_its_file(document, table):
    rows = table(document("reference/faults.md"), "## The faults")
    stated = [(file, fault) for file, fault, _ in rows]
    assert stated == [(f"{fault.package}/{fault.file}", fault.name) for fault in read_faults()]
    assert all(found.startswith(("verify: ", "the kit: ")) for _, _, found in rows)
