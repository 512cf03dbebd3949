"""A compilation in the middle of what is measured would be taken for the framework's speed."""

import numpy as np
import pytest

from benchsuite.contract import Batch
from benchsuite.testing import random_images

_FUNCTIONS = {"jit(step)", "jit(_logits)", "jit(run)"}


@pytest.fixture
def compiled(framework):
    """Names of the functions compiled from now on."""
    if framework != "jax":
        pytest.skip("only JAX compiles by itself; the others' functions are kept by shape")
    import jax

    names = []

    def note(event, duration, **facts):
        if "backend_compile" in event and facts.get("fun_name") in _FUNCTIONS:
            names.append(facts["fun_name"])

    jax.monitoring.register_event_duration_secs_listener(note)
    return names


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_each_function_is_compiled_once_for_a_shape(open_session, convnet, compiled, precision):
    session = open_session(convnet, precision=precision)
    batch = Batch(random_images(convnet), np.zeros(3, np.int64))
    placed = session.place(batch)
    for _ in range(2):
        session.infer(placed)
        session.train([placed, batch], [0.1, 0.01])
        session.run_part(placed, "forward")
        session.run_part(placed, "backward")
        session.predict(batch.images)
        session.set_weights(session.weights())
    assert sorted(compiled) == ["jit(_logits)", "jit(run)", "jit(run)", "jit(step)"]
