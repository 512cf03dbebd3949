import pytest

from benchsuite.contract import Recipe, UpdateRule
from benchsuite.errors import UnknownNameError, UsageError
from benchsuite.training.recipes import TOUR, make_recipe, preset_names


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_recipes(name):
    assert isinstance(make_recipe(name, {}), Recipe)


def test_tour_is_a_preset():
    assert TOUR in preset_names()


def test_changes_replace_single_values():
    recipe = make_recipe("resnet_cifar", {"lr": 0.2, "augmentation": ["flip"]})
    assert (recipe.lr, recipe.augmentation, recipe.momentum) == (0.2, ("flip",), 0.9)


def test_a_file_is_a_recipe_too(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('optimizer = "rmsprop"\nlr = 0.3\n')
    assert make_recipe(str(path), {"epochs": 2}) == Recipe(optimizer="rmsprop", lr=0.3, epochs=2)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("cifar", {}, r"unknown recipe 'cifar'. Did you mean 'cifar10'\? Known: cifar10, .*toml"),
        ("absent.toml", {}, r"recipe 'absent.toml' cannot be read: No such file"),
        (TOUR, {"lr": -1.0}, "recipe 'tour': lr: expected `float` > 0.0, got -1.0"),
        (TOUR, {"learning": 1}, "recipe 'tour': unknown option 'learning'"),
        (TOUR, {"momentun": 0.5}, "unknown option 'momentun'. Did you mean 'momentum'"),
        (TOUR, {"optimizer": "lamb"}, "optimizer: 'lamb' is not one of adam, adamw, rmsprop, sgd"),
        (TOUR, {"augmentation": ["flop"]}, "unknown augmentation 'flop'. Did you mean 'flip'"),
        (TOUR, {"augmentation": ["mixup", "flip"]}, "name one of them, and last"),
        (TOUR, {"schedule": "multi_step"}, "needs milestones"),
        (TOUR, {"schedule": "multi_step", "milestones": [3, 2]}, r"must rise, got \[3, 2\]"),
        (TOUR, {"schedule": "one_cycle", "warmup_epochs": 1}, "has a warm-up of its own"),
        (TOUR, {"min_lr": 1.0}, "min_lr, 1.0, is larger than lr, 0.001"),
        (TOUR, {"micro_batches": 5}, "a batch of 32 has no 5 equal parts"),
        (TOUR, {"optimizer": "adamw", "decay": "coupled"}, "adamw is adam with decoupled"),
        (TOUR, {"nesterov": True}, "nesterov needs optimizer 'sgd'"),
    ],
)
def test_what_is_wrong_is_named(name, changes, message):
    with pytest.raises(UsageError, match=message) as caught:
        make_recipe(name, changes)
    assert "\n" not in str(caught.value)


def test_unknown_recipes_are_unknown_names():
    with pytest.raises(UnknownNameError):
        make_recipe("nothing", {})


def test_adamw_is_adam_with_decoupled_decay():
    rule = Recipe(optimizer="adamw", weight_decay=0.1).update_rule
    assert rule == UpdateRule(optimizer="adam", weight_decay=0.1, decay="decoupled")
    assert Recipe(optimizer="adam").update_rule.decay == "coupled"
