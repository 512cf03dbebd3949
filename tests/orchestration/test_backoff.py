import pytest

from benchsuite.orchestration.backoff import largest_that_fits


def found(asked, fits):
    """The result of a search whose trials need no process."""

    def tried(size):
        return fits(size)
        yield  # it is a generator, as a trial in a process is

    with pytest.raises(StopIteration) as ended:
        next(largest_that_fits(asked, tried))
    return ended.value.value


@pytest.mark.parametrize("asked", [1, 2, 7, 64, 256])
def test_what_fits_is_found_to_an_eighth(asked):
    for limit in range(1, asked + 1):
        tried = []

        def fits(size, limit=limit, tried=tried):
            tried.append(size)
            return size <= limit

        size = found(asked, fits)

        assert size <= limit
        assert limit - size < max(1, size / 8) or limit == size
        assert len(tried) == len(set(tried))
        assert tried[0] == asked


def test_halves_first_and_then_looks_between():
    tried = []

    def fits(size):
        tried.append(size)
        return size <= 24

    assert found(64, fits) == 24
    assert tried == [64, 32, 16, 24, 28, 26]


def test_nothing_fits_where_one_image_does_not():
    assert found(8, lambda size: False) is None
