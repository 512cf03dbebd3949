"""The language of `--where` means what the same tree means in Python."""

import operator
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchsuite.errors import UsageError
from benchsuite.report.leaderboard.query import condition_of
from benchsuite.report.leaderboard.rows import columns_of

SIGNS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "~": fnmatchcase,
}
TEXTS = {"architecture": ["lenet5", "resnet18"], "backend": ["torch", "keras-jax"]}
NUMBERS = {"seed": [0, 1, 2], "test_top1_fraction": [0.5, 0.925, None]}
ORDERED = [sign for sign in SIGNS if sign != "~"]

words = st.sampled_from(["lenet5", "res*", "torch", "k*", "'a b'", '""', "[lr]*"])
numbers = st.sampled_from(["0", "1", "0.5", "0.925", "-1e3", "inf", "nan"])
leaves = (
    st.tuples(st.sampled_from(list(TEXTS)), st.sampled_from(list(SIGNS)), words)
    | st.tuples(st.sampled_from(list(NUMBERS)), st.sampled_from(ORDERED), numbers)
    | st.tuples(st.sampled_from(list(TEXTS)), st.just("in"), st.lists(words, min_size=1))
    | st.tuples(st.sampled_from(list(NUMBERS)), st.just("in"), st.lists(numbers, min_size=1))
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.tuples(st.just("not"), inner)
        | st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3))
    ),
    max_leaves=12,
)
rows = st.fixed_dictionaries(
    {
        **{name: st.sampled_from(known) for name, known in TEXTS.items()},
        **{name: st.sampled_from(known) for name, known in NUMBERS.items()},
    }
)


def written(tree):
    """A tree as a user writes it, with parentheses wherever they might matter."""
    if tree[0] == "not":
        return f"not ({written(tree[1])})"
    if tree[0] in ("and", "or"):
        return f" {tree[0]} ".join(f"({written(part)})" for part in tree[1])
    name, sign, value = tree
    return f"{name} in ({', '.join(value)})" if sign == "in" else f"{name}{sign}{value}"


def met(tree, row):
    """The same by Python alone."""
    if tree[0] == "not":
        return not met(tree[1], row)
    if tree[0] in ("and", "or"):
        return {"and": all, "or": any}[tree[0]](met(part, row) for part in tree[1])
    name, sign, value = tree
    if row[name] is None:
        return False
    if sign == "in":
        return any(row[name] == meant(name, one) for one in value)
    return SIGNS[sign](row[name], meant(name, value))


def meant(name, value):
    return float(value) if name in NUMBERS else value.strip("'\"")


def record_of(make_record, row):
    case = {name: row[name] for name in (*TEXTS, "seed")}
    return make_record(test={"top1_fraction": row["test_top1_fraction"]}, **case)


@given(tree=trees, row=rows)
def test_a_condition_is_met_where_pythons_own_is(make_record, tree, row):
    record = record_of(make_record, row)
    assert condition_of(written(tree), columns_of([record]))(record) == met(tree, row)


@given(text=st.text(max_size=60) | st.text("()'\"<>=!~, anotrseedi01", max_size=60))
def test_any_text_is_a_condition_or_a_usage_error(make_record, outcome, text):
    record = make_record()
    condition = outcome(condition_of, text, columns_of([record]))
    assert isinstance(condition, UsageError) or condition(record) in (True, False)


@pytest.mark.parametrize(
    "text",
    [
        "not " * 10_000 + "seed==0",
        "(seed==0 or (seed==0 and " * 5_000 + "seed==0" + "))" * 5_000,
        "not (" * 101 + "seed==0" + ")" * 101,
    ],
    ids=["not", "and or", "a hundred"],
)
def test_conditions_in_conditions_are_refused_in_time(make_record, text):
    with pytest.raises(UsageError, match="nested more than 100 deep"):
        condition_of(text, columns_of([make_record()]))


def test_any_number_of_parentheses_is_no_depth(make_record):
    record = make_record()
    text = "(" * 10_000 + "seed==0" + ")" * 10_000
    assert condition_of(text, columns_of([record]))(record)
