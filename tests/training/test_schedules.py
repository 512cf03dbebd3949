import numpy as np
import pytest

from benchsuite.contract import Recipe
from benchsuite.training.schedules import learning_rates


def rates(epochs=4, steps=5, **fields):
    recipe = Recipe(epochs=epochs, lr=0.8, **fields)
    return np.concatenate([learning_rates(recipe, epoch, steps) for epoch in range(epochs)])


def test_constant_is_the_rate():
    np.testing.assert_array_equal(rates(), [0.8] * 20)


def test_step_falls_every_few_epochs():
    found = rates(schedule="step", step_epochs=2, gamma=0.5)
    np.testing.assert_allclose(found, [0.8] * 10 + [0.4] * 10)


def test_multi_step_falls_at_its_milestones():
    found = rates(schedule="multi_step", milestones=(1, 3), gamma=0.1)
    np.testing.assert_allclose(found, [0.8] * 5 + [0.08] * 10 + [0.008] * 5)


def test_exponential_falls_every_epoch():
    found = rates(schedule="exponential", gamma=0.5)
    np.testing.assert_allclose(found[::5], [0.8, 0.4, 0.2, 0.1])


def test_no_rate_falls_below_the_least():
    assert rates(schedule="exponential", gamma=0.1, min_lr=0.01).min() == 0.01


def test_cosine_runs_from_the_rate_to_the_least():
    found = rates(schedule="cosine", min_lr=0.2)
    assert found[0] == pytest.approx(0.8)
    assert found[10] == pytest.approx(0.5)  # half of the steps
    assert 0.2 < found[-1] < 0.21
    assert (np.diff(found) < 0).all()


def test_warmup_rises_in_equal_steps_and_the_rest_is_the_schedule_s():
    found = rates(schedule="cosine", warmup_epochs=2)
    np.testing.assert_allclose(found[:10], 0.08 * np.arange(1, 11))
    assert found[10] == pytest.approx(0.8)
    assert found[15] == pytest.approx(0.4)  # half of what is left


def test_one_cycle_rises_and_falls():
    found = rates(schedule="one_cycle", epochs=20)
    assert found[0] == pytest.approx(0.8 / 25)
    assert found[29] == pytest.approx(0.8)
    assert found[-1] == pytest.approx(0.8 / 25 / 1e4)


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([], 0.8),
        ([1.0, 0.9, 0.8, 0.7], 0.8),
        ([1.0, 1.0, 1.0], 0.8),
        ([1.0, 1.0, 1.0, 1.0], 0.08),
        ([1.0, 1.0, 0.9, 1.0, 1.0], 0.8),
        ([1.0, 1.0, 0.99995, 1.0], 0.08),  # fell by less than a ten-thousandth
        ([1.0, *[1.0] * 6], 0.008),
    ],
)
def test_plateau_falls_where_the_loss_does_not(losses, expected):
    recipe = Recipe(epochs=20, lr=0.8, schedule="plateau", patience=2)
    found = learning_rates(recipe, len(losses), 3, losses)
    np.testing.assert_allclose(found, [expected] * 3)
