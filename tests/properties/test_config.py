"""Any configuration is one, or an error that says what is wrong with it."""

import msgspec
import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from benchsuite.contract import Recipe
from benchsuite.errors import UsageError
from benchsuite.planning.spec import RunSpec, make_spec
from benchsuite.toml import parse_assignment
from benchsuite.training.recipes import make_recipe

plain = (
    st.integers()
    | st.floats()
    | st.booleans()
    | st.text(max_size=20)
    | st.dates()
    | st.sampled_from([10**400, -1, 0, 1, "fp32", "90s", "9" * 400 + "h"])
)
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def tables(struct):
    """Values of the keys that there are, and of others."""
    names = st.sampled_from(struct.__struct_fields__) | st.text(max_size=10)
    return st.dictionaries(names, values, max_size=4)


def stored(value):
    """As it is kept: in JSON, and the same again."""
    kind = type(value)
    assert msgspec.json.decode(msgspec.json.encode(value), type=kind) == value


@given(options=tables(RunSpec))
def test_any_options_are_a_run_or_a_usage_error(outcome, options):
    options.pop("set", None)
    found = outcome(make_spec, options)
    if isinstance(found, RunSpec):
        stored(found)
        assert 0 < found.case_timeout_s < 1e9


@given(changes=tables(Recipe))
def test_any_changes_are_a_recipe_or_a_usage_error(outcome, changes):
    found = outcome(make_recipe, "tour", changes)
    if isinstance(found, Recipe):
        stored(found)


@given(options=tables(RunSpec))
def test_any_config_file_is_a_run_or_names_its_file(tmp_path_factory, outcome, options):
    path = tmp_path_factory.mktemp("config") / "run.toml"
    path.write_bytes(tomli_w.dumps(options).encode(errors="surrogatepass"))
    found = outcome(make_spec, {}, path)
    assert isinstance(found, RunSpec) or "run.toml" in str(found)


@given(text=st.text(max_size=100).map(str.encode) | st.binary(max_size=100))
def test_any_bytes_are_a_config_file_and_a_recipe_or_name_it(tmp_path_factory, outcome, text):
    path = tmp_path_factory.mktemp("config") / "any.toml"
    path.write_bytes(text)
    spec, recipe = outcome(make_spec, {}, path), outcome(make_recipe, str(path), {})
    assert isinstance(spec, RunSpec) or "any.toml" in str(spec)
    assert isinstance(recipe, Recipe) or "any.toml" in str(recipe)


@given(text=st.text(max_size=50))
def test_any_assignment_is_one_or_a_usage_error(outcome, text):
    found = outcome(parse_assignment, text)
    assert isinstance(found, UsageError) or found[0]


@pytest.mark.parametrize(
    "text",
    [
        "set = 5",
        "epochs = " + "9" * 5000,
        "seeds = [0x" + "f" * 5000 + "]",
        "set = 0x" + "f" * 5000,
        "timeout_s = nan",
        "timeout_s = inf",
        "target_accuracy = nan",
        "archs = " + "[" * 100_000,
        "a." * 10_000 + "b = 1",
        "archs = {a" + ".a" * 10_000 + " = 1}",
        "seeds = [-1]",
        "limit = 9223372036854775808",
        "input = [1979-05-27]",
    ],
    ids=range(13),
)
def test_numbers_and_depths_that_are_out_of_range(tmp_path, text):
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"run\.toml"):
        make_spec({}, path)


@pytest.mark.parametrize("value", ["inf", "nan", "-1", "1e400", "0x" + "f" * 5000])
def test_a_recipe_is_made_of_numbers_that_a_record_can_hold(value):
    name, said = parse_assignment(f"lr={value}")
    with pytest.raises(UsageError, match="lr"):
        make_recipe("tour", {name: said})
