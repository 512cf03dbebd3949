import pytest
from handwritten.for_keras import SHAPES
from interleaved import ratio_of

import benchsuite

__all__ = ["ratio_of"]


@pytest.fixture(params=SHAPES)
def name(request):
    return request.param


@pytest.fixture
def load():
    """Opens sessions, and closes them at the end."""
    sessions = []

    def load(name):
        sessions.append(
            benchsuite.load(
                name, backend="keras-tensorflow", input_shape=SHAPES[name], num_classes=10
            )
        )
        return sessions[-1]

    yield load
    for session in sessions:
        session.close()
