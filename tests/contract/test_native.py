import pytest

from benchsuite.contract import NativeModel
from benchsuite.errors import ShapeError

MODEL = NativeModel(
    name="library/model",
    backends=("torch", "keras-*"),
    build=lambda input_shape, classes: (input_shape, classes),
    input_shape=(224, 112, 3),
    classes=1000,
    macs=4_000_000,
    smallest=32,
)


def test_native_model_fits_the_backends_that_its_patterns_name():
    fitting = [name for name in ("torch", "keras-jax", "keras", "jax") if MODEL.fits(name)]
    assert fitting == ["torch", "keras-jax"]


def test_native_model_is_its_own_size_unless_told_otherwise():
    graph = MODEL.trace()
    assert (graph.name, graph.input_shape) == ("library/model", (224, 112, 3))
    assert (graph.output.shape, graph.macs) == ((1000,), 4_000_000)


def test_native_model_estimates_macs_by_area():
    graph = MODEL.trace((112, 56, 3), 10)
    assert (graph.output.shape, graph.macs) == ((10,), 1_000_000)


@pytest.mark.parametrize(
    ("shape", "said"), [((31, 64, 3), "31×64×3"), ((64, 31, 3), "64×31×3"), ((64, 64, 1), "×1")]
)
def test_native_model_refuses_what_it_cannot_take(shape, said):
    with pytest.raises(ShapeError, match=rf"library/model needs at least 32×32×3, got .*{said}"):
        MODEL.trace(shape)
