import pytest

from benchsuite.contract import Quantity
from benchsuite.contract.quantity import is_column_name


def quantity(**changes):
    return Quantity(**{"name": "load", "unit": "s", "better": "lower", "label": "load", **changes})


@pytest.mark.parametrize(
    ("unit", "column"),
    [
        ("s", "load_low_s"),
        ("images/s", "load_low_images_per_s"),
        ("J/image", "load_low_j_per_image"),
        ("%", "load_low"),
        ("tokens / s", "load_low_tokens_per_s"),
    ],
)
def test_columns_are_named_after_the_quantity_and_its_unit(unit, column):
    assert quantity(unit=unit).column_name("low") == column


@pytest.mark.parametrize(
    ("unit", "title", "factor"),
    [("s", "load, ms", 1e3), ("bytes", "load, MB", 1e-6), ("W", "load, W", 1.0)],
)
def test_people_see_the_usual_unit(unit, title, factor):
    assert quantity(unit=unit).title == title
    assert quantity(unit=unit).shown.factor == factor
    assert quantity(unit=unit).header == title.replace(", ", "\n")


@pytest.mark.parametrize("name", ["", "Load", "2nd", "load-time", "load time", "l" * 61, "läd"])
def test_name_that_could_be_no_column_is_refused(name):
    assert not is_column_name(name)
    with pytest.raises(ValueError, match="names no quantity"):
        quantity(name=name)


@pytest.mark.parametrize("missing", ["unit", "label"])
def test_quantity_says_its_unit_and_its_label(missing):
    with pytest.raises(ValueError, match="'load' needs a unit and a label"):
        quantity(**{missing: ""})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"better": "sideways"}, "better is 'sideways', none of higher, lower"),
        ({"batch": "both"}, "batch is 'both', none of one, inference, training, none"),
        ({"summary": "mean"}, "summary is 'mean', none of median, maximum"),
        ({"unit": "W\n"}, "a unit and a label of one line"),
        ({"label": ""}, "a unit and a label of one line"),
        ({"name": "load_low"}, "names the end of an interval"),
    ],
)
def test_declaration_is_checked_where_it_is_made(wrong, said):
    """msgspec itself checks what it reads, not what Python code passes."""
    with pytest.raises(ValueError, match=said):
        quantity(**wrong)
