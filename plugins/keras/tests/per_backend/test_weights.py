import numpy as np
import pytest

from benchsuite.testing import op_cases, random_weights

CASES = {case.op: case for case in op_cases() if case.graph.weights}
DEPTHWISE = next(case for case in op_cases() if case.name.startswith("conv-3x3-depthwise-twice"))


@pytest.mark.parametrize("case", [*CASES.values(), DEPTHWISE], ids=str)
@pytest.mark.parametrize("precision", ["fp32", "fp64"])
def test_weights_return_the_very_bits_that_were_set(open_session, case, precision):
    dtype = {"fp32": np.float32, "fp64": np.float64}[precision]
    session = open_session(case.graph, random_weights(case.graph, 1), precision=precision)
    chosen = random_weights(case.graph, 2, dtype)
    session.set_weights(chosen)
    found = session.weights()
    assert list(found) == list(case.graph.weights)
    for name, array in chosen.items():
        assert found[name].dtype == dtype
        np.testing.assert_array_equal(found[name], array)


def test_weights_of_the_native_model_count_when_changed_by_hand(open_session, convnet):
    session = open_session(convnet)
    images = np.ones((2, 8, 8, 3), np.float32)
    before = session.predict(images)
    session.native.get_layer("fc").bias.assign(session.weights()["fc.bias"] + 1.0)
    np.testing.assert_allclose(session.predict(images), before + 1.0, rtol=1e-5)
