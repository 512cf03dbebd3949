"""Pickles like CIFAR's, and those that would run code or fill memory."""

import os
import pickle
import struct

import numpy as np
import pytest

from benchsuite.data.sources.pickles import read_pickle
from benchsuite.errors import UsageError

ARRAY = np.arange(12, dtype=np.uint8).reshape(3, 4)
#: As Python 2's NumPy wrote them: `_reconstruct(ndarray, (0,), "b")`, then its state.
PYTHON2 = (
    b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\n"
    b"q\x04K\x00\x85q\x05U\x01bq\x06\x87q\x07Rq\x08(K\x01K\x02K\x03\x86q\x09cnumpy\ndtype\nq\x0a"
    b"U\x02u1q\x0bK\x00K\x01\x87q\x0cRq\x0d(K\x03U\x01|q\x0eNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff"
    b"K\x00tq\x0fb\x89U\x06abcdefq\x10tq\x11bU\x06labelsq\x12]q\x13(K\x01K\x05eu."
)
_TYPE = PYTHON2[PYTHON2.index(b"cnumpy\ndtype") : PYTHON2.index(b"tq\x0fb") + 4]
WITHOUT_TYPE = PYTHON2.replace(_TYPE, b"N")


def test_read_pickle_gives_what_python_3_writes():
    found = read_pickle(pickle.dumps({b"data": ARRAY, b"labels": [1, 2]}, 3), "part")
    np.testing.assert_array_equal(found[b"data"], ARRAY)
    assert found[b"labels"] == [1, 2]


def test_read_pickle_gives_what_python_2_wrote():
    found = read_pickle(PYTHON2, "part")
    assert found[b"data"].tolist() == [[97, 98, 99], [100, 101, 102]]
    assert found[b"labels"] == [1, 5]


def test_read_pickle_minds_the_order_of_an_array():
    found = read_pickle(pickle.dumps({b"data": np.asfortranarray(ARRAY)}, 3), "part")
    np.testing.assert_array_equal(found[b"data"], ARRAY)


class Runs:
    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "value",
    [
        Runs(os.system, "exit 1"),
        Runs(eval, "1"),
        Runs(np.load, "file"),
        Runs(np.ndarray, (1 << 40,)),
        np.dtype([("a", "O")]),
        np.array([{}], object),
        np.array(["text"]),
        np.arange(3),
        Runs(bytes, 1 << 40),
    ],
    ids=range(9),
)
def test_read_pickle_refuses_code_and_other_arrays(value):
    for protocol in (2, 3, 4, 5):
        with pytest.raises(UsageError, match="'part' is not a pickle of arrays"):
            read_pickle(pickle.dumps({b"data": value}, protocol), "part")


def state(shape, content):
    """A pickle of an array with this state: opcodes that Python pushes, as they are."""
    whole = pickle.dumps({b"data": np.zeros((1, 1), np.uint8)}, 3)
    head, _, tail = whole.partition(b"K\x01K\x01K\x01\x86")
    assert tail
    return head + b"K\x01" + shape + tail.replace(b"C\x01\x00", content)


@pytest.mark.parametrize(
    "shape",
    [
        b"J\xff\xff\xff\xffJ\xff\xff\xff\xff\x86",
        b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86",
        b"J\xff\xff\xff\x7fC\x01x\x86",
        b"]K\x01\x86",
    ],
    ids=["negative", "huge", "a text a thousand million times", "a list"],
)
def test_read_pickle_refuses_shapes_that_are_none(shape):
    with pytest.raises(UsageError, match="is not a pickle of arrays"):
        read_pickle(state(shape, b"C\x01\x00"), "part")


def test_the_changed_state_is_otherwise_a_sound_one():
    found = read_pickle(state(b"K\x01K\x02\x86", b"C\x02\x05\x06"), "part")
    assert found[b"data"].tolist() == [[5, 6]]


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02]r" + struct.pack("<I", 0x7FFFFFFF) + b".",
        b"\x80\x02" + b"(" + b")" + b"\x85" * 1_000_000 + b"N" + b"d.",
        b"\x80\x02}" + b")" + b"\x85" * 1_000_000 + b"Ns.",
        b"\x80\x03B" + struct.pack("<I", 0x7FFFFFFF) + b"x.",
        b"\x80\x02(cnumpy\nndarray\no.",
        b"\x80\x02cbuiltins\nprint\n(U\x01xtR.",
        b"\x80\x02cnumpy\ndtype\nN}U\x05_evilK\x01s\x86b.",
        b"\x80\x02K\x01cnumpy\nndarray\nb.",
        b"",
        b"\x80\x02",
        b"not a pickle",
        b"\x80\x02]" + b"]" * 100_000 + b"a" * 100_000 + b".",
    ],
    ids=[
        *("a place in the thousand millions", "tuples as a key", "tuples in tuples as a key"),
        *("bytes that do not come", "an object", "a function", "a class is changed", "no state"),
        *("nothing", "a head", "text", "lists in lists"),
    ],
)
def test_read_pickle_survives_what_is_made_to_break_it(content):
    with pytest.raises(UsageError, match="'part'"):
        read_pickle(content, "part")


def test_read_pickle_refuses_what_is_no_dictionary():
    with pytest.raises(UsageError, match="'part' holds no dictionary, but a list"):
        read_pickle(pickle.dumps([1], 3), "part")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pickle.dumps({b"rate": 1.5}, 3), "it has the opcode BINFLOAT"),
        (pickle.dumps({b"data": ARRAY}, 5), "it has the opcode"),
        (b"\x80\x02]r" + struct.pack("<I", 0x7FFFFFFF) + b".", "made to exhaust memory"),
        (pickle.dumps([(n,) for n in range(101)], 3), "made to exhaust memory"),
        (PYTHON2.replace(b"U\x02u1", b"U\x02u2"), "its arrays are not of type u1"),
        (WITHOUT_TYPE, "no type"),
    ],
    ids=["opcode", "protocol", "place", "tuples", "two bytes", "no type"],
)
def test_read_pickle_says_what_it_refuses(content, said):
    with pytest.raises(UsageError, match=said):
        read_pickle(content, "part")
