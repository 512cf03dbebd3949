"""Recipes by name or from a file, with single values replaced; checked as a whole."""

from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from benchsuite.contract import IDIOMATIC_FIELDS, Recipe
from benchsuite.data import check_augmentations
from benchsuite.errors import UnknownNameError, UsageError, did_you_mean
from benchsuite.toml import checked, read_toml

#: The preset that `benchsuite run` takes by default: it ends where a budget ends.
TOUR = "tour"
_PRESETS = files("benchsuite.training") / "presets"
_SUFFIX = ".toml"


def preset_names() -> list[str]:
    """Of the recipes that come with benchsuite."""
    names = (entry.name for entry in _PRESETS.iterdir())
    return sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))


def make_recipe(name: str, changes: Mapping[str, Any], division: str = "matched") -> Recipe:
    """A preset, or the recipe in a TOML file, with some of its values replaced.

    Raises UnknownNameError for a name that is neither, and UsageError for a value that is wrong
    or that the division leaves to the frameworks.
    """
    values = {**_read(name), **changes}
    recipe = checked(values, Recipe, f"recipe '{name}': ")
    check_augmentations(recipe.augmentation)
    if division == "idiomatic":
        _check_idiomatic(recipe)
    return recipe


def _check_idiomatic(recipe: Recipe) -> None:
    usual = Recipe()
    further = [
        field
        for field in Recipe.__struct_fields__
        if field not in IDIOMATIC_FIELDS and getattr(recipe, field) != getattr(usual, field)
    ]
    if further:
        raise UsageError(
            f"the idiomatic division leaves all but {', '.join(IDIOMATIC_FIELDS)} to the "
            f"frameworks; the recipe has {', '.join(further)}: choose another with --recipe, or "
            "the matched division"
        )


def _read(name: str) -> dict[str, Any]:
    if name.endswith(_SUFFIX):
        return read_toml(Path(name), "recipe")
    known = preset_names()
    if name not in known:
        raise UnknownNameError(
            f"unknown recipe '{name}'.{did_you_mean(name, known)} Known: {', '.join(known)}, or "
            f"the path of a {_SUFFIX} file"
        )
    with as_file(_PRESETS / f"{name}{_SUFFIX}") as path:
        return read_toml(path, "recipe")
