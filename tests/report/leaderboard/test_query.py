import pytest

from benchsuite.errors import UnknownNameError, UsageError
from benchsuite.report.leaderboard.query import condition_of
from benchsuite.report.leaderboard.rows import columns_of


@pytest.fixture
def meets(make_record):
    """A function that says whether a record, by default one of lenet5 on torch, meets a text."""

    def decide(text, record=None):
        record = record or make_record(limit=None)
        return condition_of(text, columns_of([record]))(record)

    return decide


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("backend==torch", True),
        ("backend == 'torch'", True),
        ('backend=="keras-jax"', False),
        ("backend!=torch", False),
        ("device==cpu", True),
        ("architecture~lenet*", True),
        ("architecture ~ 'resnet*'", False),
        ("fold=='1 of 5'", False),
        ("top1>0.9", True),
        ("top1>=0.925", True),
        ("top1<0.925", False),
        ("top1<=0.925", True),
        ("latency<2.1e-3", True),
        ("parameters==61706", True),
        ("parameters==61706.0", True),
        ("seed in (0, 1)", True),
        ("backend in (keras-jax, 'keras-torch')", False),
        ("started>2026-01-01", True),
        ("backend==torch and top1<0.5", False),
        ("backend==torch or top1<0.5", True),
        ("backend==x and seed==0 or seed==0", True),
        ("backend==x and (seed==0 or seed==0)", False),
        ("not backend==x and seed==0", True),
        ("not (backend==x or seed==0)", False),
        ("backend==and", False),
    ],
)
def test_condition_decides(meets, text, expected):
    assert meets(text) is expected


@pytest.mark.parametrize(
    "text",
    ["limit==5", "limit!=5", "limit<5", "limit>=5", "reason!=x", "reason~'*'", "limit in (5, 6)"],
)
def test_comparison_with_a_missing_cell_is_false(meets, text):
    assert not meets(text)
    assert meets(f"not {text}")


def test_device_with_its_number_is_a_bare_word(meets, make_record):
    assert meets("device==cuda:0", make_record(device="cuda:0"))


def test_metric_of_a_plugin_is_a_column(meets, make_record):
    assert meets("test_brier<0.2", make_record(test={"brier": 0.125}))


def test_pattern_is_of_the_whole_text_and_its_case_counts(meets):
    assert not meets("architecture~lenet")
    assert not meets("architecture~LENET*")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("backend=torch", r"'=torch' \(character 8\) where == != < <= > >= ~ in could stand"),
        ("top1>0.9 adn seed==0", r"'adn seed==0' \(character 10\) where 'and', 'or' could"),
        ("top1>", r"the end \(character 6\) where a value could stand"),
        ("", r"the end \(character 1\) where a column could stand"),
        ("(seed==0", r"the end \(character 9\) where '\)' could stand"),
        ("seed==0)", r"'\)' \(character 8\) is one too many"),
        ("seed in ()", r"'\)' \(character 10\) where a value could stand"),
        ("seed==0\nand", r"the end \(character 12\)"),
        ("top1>high", r"'test_top1_fraction' is a number, and high \(character 6\) is none"),
        ("top1~'0.9*'", r"'top1' is a number, and '~' \(character 5\) is for text"),
        ("__import__('os')", r"\(character 11\)"),
    ],
)
def test_text_that_is_no_condition_is_refused_with_the_place(meets, text, message):
    with pytest.raises(UsageError, match=f"^--where: .*{message}"):
        meets(text)


def test_unknown_column_is_refused_with_one_that_is_near(meets):
    with pytest.raises(UnknownNameError, match=r"unknown column 'latncy'. Did you mean 'latency'"):
        meets("latncy<1")
