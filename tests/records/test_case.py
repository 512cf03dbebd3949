from typing import Annotated

import msgspec
import pytest

from benchsuite.records.case import ROLES, USUAL, Case, Role, _role, fields_with


def test_every_field_has_a_role():
    assert list(ROLES) == list(Case.__struct_fields__)


@pytest.mark.parametrize("hint", [str, Annotated[str, Role.AXIS, Role.SETTING]])
def test_field_has_one_role(hint):
    with pytest.raises(TypeError, match="one role"):
        _role(hint)


def test_fields_are_found_by_role_in_their_order():
    assert fields_with(Role.REPEAT) == ("fold", "seed")
    assert fields_with(Role.AXIS)[:3] == ("backend", "device", "tier")


@pytest.mark.parametrize(
    ("change", "together", "comparable"),
    [
        ({"backend": "keras-jax"}, True, True),
        ({"tier": "compiled"}, True, False),
        ({"threads": 1}, True, False),
        ({"seed": 1}, False, False),
        ({"input_shape": (32, 32, 1)}, False, False),
        ({"inference_batch_size": 1}, True, False),
        ({"division": "idiomatic"}, True, False),
    ],
)
def test_keys_say_what_is_measured_together_and_what_may_be_compared(
    make_record, change, together, comparable
):
    one, other = make_record().case, make_record(**change).case

    assert (one.group_key == other.group_key) == together
    assert (one.comparison_key == other.comparison_key) == comparable


def test_rows_of_another_device_are_not_compared(make_record):
    one, other = make_record(), make_record(device_name="Another CPU")

    assert one.case.comparison_key == other.case.comparison_key
    assert one.comparison_key != other.comparison_key


def test_usual_is_what_nobody_need_ask_for():
    assert USUAL["process_settings"] == "tuned"
    assert USUAL["origin"] == "graph"
    assert USUAL["limit"] is None
    assert USUAL["seed"] is msgspec.NODEFAULT
