import numpy as np
import pytest
from training_fakes import FakeSession, batches_of

from benchsuite.data.batches.stream import epoch_order
from benchsuite.errors import BenchsuiteError, NotFiniteError
from benchsuite.training import loop
from benchsuite.training.loop import train


def validating(*losses, top1=0.5):
    """Figures of the validation split after each epoch."""
    found = iter([{"loss_nats": loss, "top1_fraction": top1} for loss in losses])
    return lambda: next(found)


def run(session, validate=None, **fields):
    falling = iter(range(1000, 0, -1))
    figures = validate or (lambda: {"loss_nats": float(next(falling)), "top1_fraction": 0.5})
    return train(session, batches_of(10, **fields), figures)


def test_train_passes_over_the_split_once_in_every_epoch(session):
    trained = run(session, seed=5)
    assert trained.losses == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert [(e.steps, e.images, e.mean_loss_nats) for e in trained.epochs] == [
        (2, 8, 0.5),
        (2, 8, 2.5),
        (2, 8, 4.5),
    ]
    assert session.rates == [0.1] * 6
    assert trained.ended == "epochs"
    shown = np.concatenate([labels for batches in session.labels for labels in batches])
    orders = [epoch_order(10, seed=5, epoch=epoch)[:8] for epoch in range(3)]
    np.testing.assert_array_equal(shown, np.concatenate(orders))


@pytest.mark.parametrize(
    ("max_steps", "steps", "ended"),
    [
        (1, [1], "max_steps"),
        (2, [2], "max_steps"),
        (3, [2, 1], "max_steps"),
        (6, [2, 2, 2], "max_steps"),
        (9, [2, 2, 2], "epochs"),
    ],
)
def test_train_ends_after_max_steps(session, max_steps, steps, ended):
    trained = run(session, max_steps=max_steps)
    assert [epoch.steps for epoch in trained.epochs] == steps
    assert len(trained.losses) == sum(steps)
    assert trained.ended == ended


def test_the_clock_is_read_on_an_idle_device(session):
    trained = run(session, epochs=2)
    step = ["train", "synchronize"]
    assert session.log == ["synchronize", *step, *step, "synchronize", *step]
    assert all(epoch.train_s > 0 and epoch.input_wait_s > 0 for epoch in trained.epochs)


class CompilingSession(FakeSession):
    """Each step takes a second by its own clock, and the first one five more."""

    now = 0.0

    def train(self, batches, learning_rates):
        self.now += len(learning_rates) + (0 if self.rates else 5)
        return super().train(batches, learning_rates)


def test_compilation_is_told_apart_from_the_first_epoch(monkeypatch):
    session = CompilingSession()
    monkeypatch.setattr(loop, "perf_counter", lambda: session.now)
    epochs = run(session).epochs
    assert [(epoch.train_s, epoch.compile_s) for epoch in epochs] == [(2, 5), (2, None), (2, None)]


def test_compilation_is_not_guessed_from_a_single_step(session):
    assert run(session, max_steps=1).epochs[0].compile_s is None


def test_rates_are_the_schedule_s(session):
    trained = run(session, schedule="step", step_epochs=1, gamma=0.5)
    np.testing.assert_allclose(session.rates, [0.1, 0.1, 0.05, 0.05, 0.025, 0.025])
    assert [epoch.learning_rate for epoch in trained.epochs] == [0.1, 0.05, 0.025]


def test_plateaus_are_those_of_the_validation_loss(session):
    figures = validating(*[1.0] * 5)
    run(session, figures, epochs=5, schedule="plateau", patience=1, gamma=0.5)
    np.testing.assert_allclose(session.rates[::2], [0.1, 0.1, 0.1, 0.05, 0.05])


def test_each_epoch_keeps_the_validation_split_s_figures(session):
    trained = run(session, validating(3.0, 2.0, 1.0))
    assert [epoch.validation["loss_nats"] for epoch in trained.epochs] == [3.0, 2.0, 1.0]
    assert trained.kept == trained.epochs[-1]


def test_a_loss_that_is_no_number_ends_training():
    session = FakeSession(iter([1.0, float("nan"), 2.0, 3.0]))
    trained = run(session)
    assert (trained.ended, trained.diverged_at) == ("diverged", 1)
    assert [epoch.mean_loss_nats for epoch in trained.epochs] == [None]
    assert trained.kept is None


def test_training_ends_where_nothing_improves(session):
    figures = validating(1.0, 0.9, 0.95, 0.92, 0.5)
    trained = run(session, figures, epochs=9, early_stopping=2)
    assert (trained.ended, len(trained.epochs)) == ("no improvement", 4)
    assert session.weight == 8
    assert trained.kept == trained.epochs[-1]


def test_the_best_weights_are_restored(session):
    figures = validating(1.0, 0.9, 0.95, 0.92)
    trained = run(session, figures, epochs=4, restore_best=True)
    assert session.weight == 4
    assert trained.kept == trained.epochs[1]


def test_training_ends_at_its_target(session):
    found = iter([0.5, 0.8, 0.9])
    trained = run(
        session, lambda: {"loss_nats": 1.0, "top1_fraction": next(found)}, target_top1=0.8
    )
    assert (trained.ended, len(trained.epochs)) == ("target", 2)
    assert trained.time_to_target_s == sum(epoch.train_s for epoch in trained.epochs)
    assert run(FakeSession()).time_to_target_s is None


def test_averages_are_what_is_judged_and_not_what_is_trained_on(session):
    seen = []

    def validate():
        seen.append(session.weight)
        return {"loss_nats": 1.0, "top1_fraction": 0.5}

    run(session, validate, ema=0.9)
    assert seen == [-2, -4, -6]
    assert session.weight == -6


def test_the_best_averages_are_restored(session):
    run(session, validating(1.0, 0.9, 0.95), ema=0.9, restore_best=True)
    assert session.weight == -4


def test_every_epoch_is_told_of_once_it_is_validated(session):
    told = []
    figures = iter([{"top1_fraction": 0.5}, {"top1_fraction": 0.75}])
    train(
        session,
        batches_of(9, epochs=2),
        lambda: next(figures),
        lambda number, epoch: told.append((number, epoch.validation["top1_fraction"])),
    )
    assert told == [(1, 0.5), (2, 0.75)]


def not_finite():
    raise NotFiniteError("32 of 32 logits are NaN or infinite")


def test_logits_that_are_no_numbers_end_training(session):
    figures = iter([{"loss_nats": 1.0}])
    trained = run(session, lambda: next(figures, None) or not_finite())
    assert (trained.ended, trained.diverged_at, trained.kept) == ("diverged", None, None)
    assert trained.fault == "after step 4: 32 of 32 logits are NaN or infinite"
    assert [epoch.validation for epoch in trained.epochs] == [{"loss_nats": 1.0}, {}]


def test_weights_that_are_no_numbers_are_found_in_the_end(session):
    session.weights = lambda: {"fc": np.array([1.0, np.nan])}
    trained = run(session)
    assert (trained.ended, trained.kept) == ("diverged", None)
    assert trained.fault == "after step 6: NaN or infinity in the weights fc"


@pytest.mark.parametrize(
    "losses",
    [np.zeros(1, np.float32), np.zeros((2, 1), np.float32), [0.0, 0.0], np.zeros(2, np.int64)],
    ids=["too few", "a table", "a list", "integers"],
)
def test_every_step_has_a_loss(session, losses):
    session.train = lambda batches, rates: losses
    with pytest.raises(BenchsuiteError, match=r"train\(\) gave"):
        run(session)
