import threading
import time
from contextlib import closing

import pytest

from benchsuite.data import Prefetched


def test_items_come_in_their_order():
    with closing(Prefetched(iter(range(100)))) as prefetched:
        assert list(prefetched) == list(range(100))


def test_an_error_comes_where_its_item_would_have():
    def failing():
        yield 1
        raise ValueError("no second")

    with closing(Prefetched(failing())) as prefetched:
        items = iter(prefetched)
        assert next(items) == 1
        with pytest.raises(ValueError, match="no second"):
            next(items)


def test_items_are_made_ahead_but_not_without_end():
    made = []

    def items():
        for index in range(100):
            made.append(index)
            yield index

    with closing(Prefetched(items())) as prefetched:
        next(iter(prefetched))
        deadline = time.monotonic() + 10
        while len(made) < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert 5 <= len(made) < 10
    assert len(made) < 20


def test_waiting_is_counted():
    def slow():
        for _ in range(3):
            time.sleep(0.05)
            yield 0

    with closing(Prefetched(slow())) as prefetched:
        assert list(prefetched) == [0, 0, 0]
    assert prefetched.waited_s > 0.1


def test_closing_ends_the_thread():
    before = threading.active_count()
    prefetched = Prefetched(iter(range(10_000)))
    next(iter(prefetched))
    prefetched.close()
    assert threading.active_count() == before
