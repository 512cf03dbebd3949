import pytest
from training_fakes import FakeSession


@pytest.fixture
def session():
    return FakeSession()
