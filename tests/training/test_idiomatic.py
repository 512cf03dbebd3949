import math

import numpy as np
import pytest
from training_fakes import FakeSession, data_of

from benchsuite.contract import Recipe
from benchsuite.errors import NotFiniteError
from benchsuite.training.idiomatic import train_idiomatically


class Idiomatic(FakeSession):
    def __init__(self, losses=(0.5,) * 9):
        super().__init__()
        self.losses = iter(losses)
        self.shown = []

    def fit(self, images, labels):
        self.log.append("fit")
        self.shown.append((images, labels))
        return next(self.losses)


def fitted(session, recipe, figures=dict):
    return train_idiomatically(session, data_of(10).train, recipe, figures)


def test_every_epoch_is_over_all_images():
    session = Idiomatic(losses=(0.5, 0.25))
    trained = fitted(session, Recipe(epochs=2, batch_size=4, lr=0.1))
    assert trained.ended == "epochs"
    assert [len(images) for images, _ in session.shown] == [10, 10]
    np.testing.assert_array_equal(session.shown[0][1], np.arange(10))
    assert [(e.steps, e.images, e.mean_loss_nats) for e in trained.epochs] == [
        (3, 10, 0.5),
        (3, 10, 0.25),
    ]
    assert trained.epochs[0].learning_rate == 0.1
    assert trained.epochs[0].input_wait_s is None


def test_the_clock_is_read_on_an_idle_device():
    session = Idiomatic()
    fitted(session, Recipe(epochs=1))
    assert session.log == ["synchronize", "fit", "synchronize"]


def test_max_steps_leaves_a_part_of_an_epoch():
    session = Idiomatic()
    trained = fitted(session, Recipe(epochs=9, batch_size=4, max_steps=4))
    assert trained.ended == "max_steps"
    assert [epoch.steps for epoch in trained.epochs] == [3, 1]
    images, labels = session.shown[1]
    assert labels.tolist() == [0, 2, 5, 7]
    np.testing.assert_array_equal(images, data_of(10).train.images[labels])


def test_each_epoch_is_validated():
    figures = iter([{"top1_fraction": 0.5}, {"top1_fraction": 0.75}])
    trained = fitted(Idiomatic(), Recipe(epochs=2), lambda: next(figures))
    assert [epoch.validation["top1_fraction"] for epoch in trained.epochs] == [0.5, 0.75]
    assert trained.kept == trained.epochs[1]


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_training(loss):
    trained = fitted(Idiomatic(losses=(0.5, loss, 0.5)), Recipe(epochs=3))
    assert (trained.ended, len(trained.epochs)) == ("diverged", 2)
    assert trained.epochs[1].mean_loss_nats is None


def test_logits_that_are_no_numbers_end_training():
    def figures():
        raise NotFiniteError("1 of 9 logits are NaN or infinite")

    trained = fitted(Idiomatic(), Recipe(epochs=3, batch_size=4), figures)
    assert (trained.ended, len(trained.epochs), trained.kept) == ("diverged", 1, None)
    assert trained.fault == "after step 3: 1 of 9 logits are NaN or infinite"


def test_weights_that_are_no_numbers_are_found_in_the_end():
    session = Idiomatic()
    session.weights = lambda: {"fc": np.array([np.inf])}
    trained = fitted(session, Recipe(epochs=1))
    assert (trained.ended, trained.kept) == ("diverged", None)
