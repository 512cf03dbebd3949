"""Few examples and always the same ones; more with `BENCHSUITE_EXAMPLES=thorough`."""

import os

import pytest
from hypothesis import HealthCheck, settings

from benchsuite.errors import UsageError

_SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile(
    "few", max_examples=30, derandomize=True, deadline=None, suppress_health_check=_SLOW
)
settings.register_profile("thorough", max_examples=2000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("BENCHSUITE_EXAMPLES", "few"))


@pytest.fixture(scope="session")
def outcome():
    """A function that calls another: what it returns, or the UsageError that it raises."""

    def call(function, *arguments):
        try:
            return function(*arguments)
        except UsageError as error:
            return error

    return call
