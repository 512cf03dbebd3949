"""How Keras is called in each tier; that the numbers stay is the conformance kit's matter."""

import keras
import numpy as np
import pytest

from benchsuite.contract import Batch
from benchsuite.errors import UnsupportedError
from benchsuite.testing import random_images


def place(session):
    return session.place(Batch(random_images(session.graph, 4), np.zeros(4, np.int64)))


def is_by_xla(function):
    return function.function_def.attr["_XlaMustCompile"].b


def test_compiled_tier_is_xla_on_tensorflow(open_session, convnet, framework):
    if framework != "tensorflow":
        pytest.skip("the others have no switch for it")
    for tier, xla in (("native", False), ("compiled", True)):
        session = open_session(convnet, tier=tier)
        placed = place(session)
        session.infer(placed)
        session.train([placed], [0.1])
        functions = [*session._forwards.values(), *session._steps.values()]
        assert [is_by_xla(function) for function in functions] == [xla, xla]
        assert session.settings()["xla"] == ("on" if xla else "off")


def test_compiled_tier_is_refused_on_torch(open_session, convnet, framework):
    if framework != "torch":
        pytest.skip("the others have it")
    with pytest.raises(UnsupportedError, match="no tier 'compiled'"):
        open_session(convnet, tier="compiled")


@pytest.mark.parametrize("tier", ["native", "user_api"])
def test_users_interface_is_predict(open_session, convnet, monkeypatch, tier):
    called = []
    predict = keras.Model.predict
    monkeypatch.setattr(
        keras.Model, "predict", lambda *a, **k: called.append(k["batch_size"]) or predict(*a, **k)
    )
    session = open_session(convnet, tier=tier)

    session.infer(place(session))

    assert called == ([4] if tier == "user_api" else [])
