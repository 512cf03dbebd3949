"""A session that computes nothing, and data for it."""

import itertools
from types import SimpleNamespace

import numpy as np

from benchsuite.contract import Normalizer, Recipe, Split
from benchsuite.data import PreparedData, TrainingBatches, fit_split
from benchsuite.graph import Builder


class FakeSession:
    """Logs its calls. Its loss is the number of the step; its logits are an image's pixels."""

    #: Three pixels.
    graph = SimpleNamespace(output=SimpleNamespace(shape=(3,)))

    def __init__(self, losses=None):
        self.log = []
        self.labels = []
        self.rates = []
        self.shapes = []
        self.losses = losses or map(float, itertools.count())
        self.weight = 0

    def synchronize(self):
        self.log.append("synchronize")

    def train(self, batches, learning_rates):
        self.log.append("train")
        self.labels.append([batch.labels for batch in batches])
        self.rates += learning_rates
        self.weight += len(learning_rates)
        return np.array([next(self.losses) for _ in learning_rates], np.float32)

    def predict(self, images):
        self.shapes.append(images.shape)
        return images.reshape(len(images), -1)

    def weights(self):
        return {"steps": self.weight}

    def averaged_weights(self):
        return {"steps": -self.weight}

    def set_weights(self, weights):
        self.weight = weights["steps"]


def data_of(size):
    """`size` examples of 1×3 pixels; the label is the position."""
    images = np.arange(size * 3).reshape(size, 1, 3, 1).astype(np.uint8)
    part = fit_split(Split(images, np.arange(size)), np.arange(size), (1, 3, 1))
    return PreparedData(part, part, part, Normalizer((2.0,), (1.0,)), "", "", np.arange(size))


def batches_of(size, seed=0, **fields):
    net = Builder()
    net.dense(net.flatten(net.input((1, 3, 1))), size, name="fc")
    recipe = Recipe(**{"lr": 0.1, "batch_size": 4, "epochs": 3, **fields})
    return TrainingBatches(data_of(size).train, net.graph("linear"), recipe, seed)
