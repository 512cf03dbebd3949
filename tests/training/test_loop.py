import numpy as np
import pytest

from benchsuite.contract import Metric, Normalizer, Split, UpdateRule
from benchsuite.data import PreparedData
from benchsuite.data.batches import epoch_order
from benchsuite.records import Recipe
from benchsuite.training.loop import EVALUATION_BATCH_SIZE, evaluate, predict, train


class FakeSession:
    """Logs its calls. Its loss is the number of the step; its logits are an image's pixels."""

    def __init__(self, losses=None):
        self.log = []
        self.labels = []
        self.rates = []
        self.shapes = []
        self.losses = losses or (float(step) for step in range(1000))

    def synchronize(self):
        self.log.append("synchronize")

    def train(self, batches, learning_rates):
        self.log.append("train")
        self.labels.append([batch.labels for batch in batches])
        self.rates += learning_rates
        return np.array([next(self.losses) for _ in batches], np.float32)

    def predict(self, images):
        self.shapes.append(images.shape)
        return images.reshape(len(images), -1)


def data_of(size):
    """`size` examples of 1×3 pixels; the label is the position."""
    images = np.arange(size * 3).reshape(size, 1, 3, 1).astype(np.uint8)
    part = Split(images, np.arange(size))
    return PreparedData(part, part, part, Normalizer((2.0,), (1.0,)), "", "")


def recipe(**changes):
    fields = {"learning_rate": 0.1, "batch_size": 4, "epochs": 3, **changes}
    return Recipe(update_rule=UpdateRule(), **fields)


def test_train_passes_over_the_split_once_in_every_epoch():
    session = FakeSession()

    epochs, losses = train(session, data_of(10), recipe(), seed=5)

    assert losses == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert [(e.steps, e.images, e.mean_loss_nats) for e in epochs] == [
        (2, 8, 0.5),
        (2, 8, 2.5),
        (2, 8, 4.5),
    ]
    assert session.rates == [0.1] * 6
    for epoch, batches in enumerate(session.labels):
        order = epoch_order(10, seed=5, epoch=epoch)
        np.testing.assert_array_equal(np.concatenate(batches), order[:8])


@pytest.mark.parametrize(
    ("max_steps", "steps"), [(1, [1]), (2, [2]), (3, [2, 1]), (6, [2, 2, 2]), (9, [2, 2, 2])]
)
def test_train_ends_after_max_steps(max_steps, steps):
    epochs, losses = train(FakeSession(), data_of(10), recipe(max_steps=max_steps), seed=0)

    assert [epoch.steps for epoch in epochs] == steps
    assert len(losses) == sum(steps)


def test_train_reads_the_clock_on_an_idle_device():
    session = FakeSession()

    epochs, _ = train(session, data_of(10), recipe(epochs=2), seed=0)

    assert session.log == ["synchronize", "train", "synchronize"] * 2
    assert all(epoch.train_s > 0 for epoch in epochs)


def test_train_says_that_a_loss_diverged_instead_of_a_number():
    epochs, _ = train(FakeSession(iter([1.0, float("nan")])), data_of(10), recipe(epochs=1), seed=0)

    assert epochs[0].mean_loss_nats is None


@pytest.mark.parametrize("size", [1, 63, 64, 65, 130])
def test_predict_fills_up_the_last_batch_and_cuts_it(size):
    session = FakeSession()
    images = np.arange(size * 3, dtype=np.float32).reshape(size, 1, 3, 1)

    logits = predict(session, images)

    np.testing.assert_array_equal(logits, images.reshape(size, 3))
    assert set(session.shapes) == {(EVALUATION_BATCH_SIZE, 1, 3, 1)}
    assert len(session.shapes) == -(-size // EVALUATION_BATCH_SIZE)


def test_evaluate_computes_metrics_from_all_logits_of_normalized_images():
    seen = {}

    def compute(logits, labels):
        seen.update(logits=logits, labels=labels)
        return 0.25

    data = data_of(70)
    part = Split(data.test.images[:66], data.test.labels[:66])

    found = evaluate(FakeSession(), part, data, [Metric("quarter", "higher", compute)])

    assert found == {"quarter": 0.25}
    assert seen["logits"].dtype == np.float64
    np.testing.assert_array_equal(seen["logits"], part.images.reshape(66, 3) * 2.0 + 1.0)
    np.testing.assert_array_equal(seen["labels"], part.labels)


def test_evaluate_leaves_out_a_figure_that_is_no_number():
    metric = Metric("broken", "lower", lambda logits, labels: float("inf"))
    data = data_of(3)

    assert evaluate(FakeSession(), data.test, data, [metric]) == {"broken": None}
