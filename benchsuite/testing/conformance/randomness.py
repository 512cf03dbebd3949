"""What a framework draws by itself in training: rate, scale and independence, read off a step.

The gradient of a linear layer with zero weights is a known mixture of its inputs. So one step
tells by what each input was multiplied, image by image.
"""

import numpy as np
from numpy.typing import NDArray

from benchsuite.contract import UpdateRule
from benchsuite.graph import Builder, Graph
from benchsuite.reference.nondegenerate import random_weights
from benchsuite.testing.conformance.kit import CLASSES, random_batch, require
from benchsuite.testing.conformance.training import TrainingKit

_PLAIN_SGD = UpdateRule(momentum=0.0)
_SHAPE = (12, 12, 3)
_RATE = 0.25
#: As many images as a layer of four classes can tell apart element by element.
_FEW = CLASSES - 1
_MANY = 400
#: Two independent draws agree so often; five standard deviations of that among 396 elements.
_AGREEMENT, _SLACK = _RATE**2 + (1 - _RATE) ** 2, 0.125


class RandomnessTests(TrainingKit):
    """Dropout and stochastic depth without masks from the core."""

    def test_dropout_draws_every_element_by_itself(self) -> None:
        """Neither images, nor channels, nor positions beside each other share their draws."""
        graph = self.trainable(_with("dropout"))
        kept = self._kept(graph, _FEW).reshape(_FEW, _SHAPE[2], *_SHAPE[:2])
        _require_scale("dropout", kept)
        stays = kept > 1 / 2
        _require_share("dropout", ~stays, "elements")
        for axis, what in ((2, "rows"), (3, "columns"), (1, "channels"), (0, "images")):
            ahead = np.take(stays, range(1, stays.shape[axis]), axis)
            behind = np.take(stays, range(stays.shape[axis] - 1), axis)
            agreement = float((ahead == behind).mean())
            require(
                abs(agreement - _AGREEMENT) < _SLACK,
                f"dropout of rate {_RATE}: neighbouring {what} agree in {agreement:.2f} of the "
                f"elements; independent draws agree in {_AGREEMENT:.2f}",
            )

    def test_stochastic_depth_draws_every_image_by_itself(self) -> None:
        """Whole images are dropped at the rate, and the rest scaled up."""
        graph = self.trainable(_with("stochastic_depth"))
        kept = self._kept_images(graph, _MANY)
        _require_scale("stochastic depth", kept)
        _require_share("stochastic depth", kept < 1 / 2, "images")

    def _step(self, graph: Graph, count: int) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """The head's gradient (classes, elements) of one step, and what each image adds to it.

        The latter is (images, classes): softmax of zero logits, less the image's own class.
        """
        zero = {name: np.zeros_like(array) for name, array in random_weights(graph).items()}
        batch = random_batch(graph, count)
        batch = type(batch)(batch.images, np.arange(count) % CLASSES)
        with self.session(graph, zero, update_rule=_PLAIN_SGD) as session:
            session.train([batch], [float(count)])
            moved = session.weights()["fc.weight"]
        return -moved.astype(np.float64), 1 / CLASSES - np.eye(CLASSES)[batch.labels]

    def _kept(self, graph: Graph, count: int) -> NDArray[np.floating]:
        """What each element of few images was multiplied by, (images, elements)."""
        gradient, shares = self._step(graph, count)
        inputs = _channel_major(random_batch(graph, count).images)
        mixed, *_ = np.linalg.lstsq(shares.T, gradient, rcond=None)
        return np.asarray(mixed / inputs)

    def _kept_images(self, graph: Graph, count: int) -> NDArray[np.floating]:
        """What each of many images was multiplied by, (images,)."""
        gradient, shares = self._step(graph, count)
        inputs = _channel_major(random_batch(graph, count).images)
        columns = np.einsum("ic,ie->cei", shares, inputs).reshape(-1, count)
        found, *_ = np.linalg.lstsq(columns, gradient.reshape(-1), rcond=None)
        return np.asarray(found)


def _channel_major(images: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N, H, W, C) -> (N, elements), as a graph flattens."""
    found: NDArray[np.float64] = images.astype(np.float64).transpose(0, 3, 1, 2)
    return found.reshape(len(images), -1)


def _require_scale(what: str, kept: NDArray[np.floating]) -> None:
    """Fail unless everything is 0 or 1/(1 - rate)."""
    scale = 1 / (1 - _RATE)
    right = np.isclose(kept, 0.0, atol=1e-2) | np.isclose(kept, scale, rtol=1e-2)
    require(
        bool(right.all()),
        f"{what} of rate {_RATE} must multiply by 0 or {scale:.3f}; it multiplied by "
        f"{float(kept[~right][0]) if not right.all() else 0:.3f}",
    )


def _require_share(what: str, dropped: NDArray[np.bool_], of: str) -> None:
    """Fail unless as many are dropped as the rate says, within five standard deviations."""
    share, slack = float(dropped.mean()), 5 * np.sqrt(_RATE * (1 - _RATE) / dropped.size)
    require(
        abs(share - _RATE) < slack,
        f"{what} of rate {_RATE} dropped {share:.3f} of {dropped.size} {of}",
    )


def _with(op: str) -> Graph:
    net = Builder()
    x = getattr(net, op)(net.input(_SHAPE), _RATE)
    net.dense(net.flatten(x), CLASSES, name="fc")
    return net.graph(f"with_{op}")
