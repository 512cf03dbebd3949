"""An architecture says what it is, and which inputs it cannot take."""

import pytest

from benchsuite.errors import ShapeError
from benchsuite.graph import architecture


@architecture(input_shape=(28, 28, 1), classes=10, paper="Nobody 2000")
def small(net, images, classes):
    """Two 5×5 windows and a pool.

    Further words that are no summary.
    """
    x = net.max_pool(net.conv(images, 4, 5, name="conv1"), 2)
    x = net.conv(x, 4, 5, name="conv2")
    return net.dense(net.flatten(x), classes, name="fc")


@architecture(input_shape=(16, 16, 3), classes=10, paper="Nobody 2000")
def picky(net, images, classes):
    """Takes multiples of eight only."""
    if images.shape[0] % 8 or images.shape[1] % 8:
        raise ShapeError("height and width must be divisible by 8")
    return net.dense(net.flatten(images), classes, name="fc")


def test_architecture_takes_its_name_and_summary_from_the_function():
    assert (small.name, small.summary, small.paper) == (
        "small",
        "Two 5×5 windows and a pool.",
        "Nobody 2000",
    )


def test_trace_uses_its_own_input_unless_told():
    assert (small.trace().input_shape, small.trace().output.shape) == ((28, 28, 1), (10,))
    assert small.trace((20, 22, 3), 7).input_shape == (20, 22, 3)
    assert small.trace((20, 22, 3), 7).output.shape == (7,)


def test_trace_names_the_smallest_input():
    """5×5, halved, 5×5: (4 + 1) · 2 + 4 = 14."""
    with pytest.raises(ShapeError, match=r"^small needs at least 14×14, got 5×5$"):
        small.trace((5, 5, 1))
    with pytest.raises(ShapeError, match=r"^small needs at least 14×14, got 40×13$"):
        small.trace((40, 13, 1))
    assert small.trace((14, 14, 1)).output.shape == (10,)


def test_trace_says_why_where_size_is_not_the_reason():
    with pytest.raises(
        ShapeError, match=r"^picky cannot take 17×16: height and width must be divisible by 8$"
    ):
        picky.trace((17, 16, 3))
    with pytest.raises(ShapeError, match=r"^picky needs at least 8×8, got 4×4$"):
        picky.trace((4, 4, 3))


@pytest.mark.parametrize("shape", [(28, 28), (0, 28, 1), (28, 28, 0)])
def test_trace_refuses_what_is_no_image(shape):
    with pytest.raises(ShapeError, match=r"\(H, W, C\), all at least 1"):
        small.trace(shape)


@pytest.mark.parametrize("classes", [0, -3])
def test_trace_needs_a_class(classes):
    with pytest.raises(ShapeError, match=f"small needs at least 1 class, got {classes}"):
        small.trace(classes=classes)


def test_trace_refuses_an_architecture_without_logits():
    @architecture(input_shape=(8, 8, 1), classes=10, paper="Nobody 2000")
    def headless(net, images, classes):
        """Forgets its head."""
        return net.flatten(images)

    @architecture(input_shape=(8, 8, 1), classes=10, paper="Nobody 2000")
    def absent_minded(net, images, classes):
        """Returns another node than its last."""
        logits = net.dense(net.flatten(images), classes, name="fc")
        net.relu(logits)
        return logits

    for broken in (headless, absent_minded):
        with pytest.raises(
            ShapeError, match=r"the last layer must yield the logits, of shape \(10"
        ):
            broken.trace()


def test_smallest_is_the_first_square_that_fits():
    @architecture(input_shape=(64, 64, 3), classes=2, paper="none")
    def wide(net, images, classes):
        return net.dense(net.flatten(net.conv(images, 1, 21, name="conv")), classes, name="fc")

    assert wide.smallest == 21
    assert wide.trace((21, 21, 3)).by_name["conv"].shape == (1, 1, 1)


def test_smallest_of_a_network_that_takes_no_square_says_so():
    @architecture(input_shape=(64, 32, 3), classes=2, paper="none")
    def tall(net, images, classes):
        if images.shape[0] == images.shape[1]:
            raise ShapeError("it is to be tall")
        return net.dense(net.flatten(images), classes, name="fc")

    with pytest.raises(ShapeError, match="tall takes no square input"):
        _ = tall.smallest
