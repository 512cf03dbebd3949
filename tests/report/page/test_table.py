from benchsuite.report.page.table import plain


def test_plain_table_knows_numbers_and_blanks():
    table = plain(
        "a", ["text", "number", "mixed", "blank"], [["x", 1, "", None], ["y", None, 2, None]]
    )

    assert [row.cells for row in table.rows] == [["x", 1.0, "", ""], ["y", "", 2.0, ""]]
    assert [heading.numeric for heading in table.headings] == [False, True, True, False]


def test_plain_table_of_nothing_keeps_its_headings():
    table = plain("a", ["one", "two"], [], empty="nothing")

    assert ([h.name for h in table.headings], table.rows, table.empty) == (
        ["one", "two"],
        [],
        "nothing",
    )
