import pytest

from benchsuite.report.columns.quantities import bar, extents, scaled, significant


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0.00"),
        (0.0123456, "0.0123"),
        (0.3, "0.300"),
        (1.2345, "1.23"),
        (12.345, "12.3"),
        (99.96, "100"),
        (123.45, "123"),
        (1234567.8, "1,234,568"),
        (-12.345, "-12.3"),
    ],
)
def test_significant_shows_three_digits_without_an_exponent(value, expected):
    assert significant(value) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [(7, "7"), (61_706, "61.7 k"), (11_689_512, "11.7 M"), (1_814_073_344, "1.81 G")],
)
def test_scaled_uses_the_prefix_that_suits(count, expected):
    assert scaled(count) == expected


def test_extents_are_joined_as_they_are_spoken():
    assert extents((32, 32, 3)) == "32×32×3"


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0, ""),
        (1 / 64, "▏"),
        (0.5, "████"),
        (0.55, "████▍"),
        (63 / 64, "███████▉"),
        (1, "████████"),
    ],
)
def test_bar_is_as_long_as_its_share(share, expected):
    assert bar(share) == expected
