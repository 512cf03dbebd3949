import pytest

from benchsuite.errors import (
    MissingDependencyError,
    UsageError,
)
from benchsuite.orchestration import plan
from benchsuite.planning import make_spec


def test_plan_without_backends_takes_those_that_count_themselves_in(plugins):
    cases = plan(make_spec({"archs": ["lenet5"], "device": "cpu"}), plugins)
    backends = {case.backend for case in cases}
    assert "numpy-linear" in backends
    assert not backends & {"loud", "oddversion", "keras-torch"}


def test_plan_names_a_missing_framework(plugins, monkeypatch):
    entry = plugins.backends["numpy-linear"]
    monkeypatch.setattr(type(entry.target), "missing", lambda self: ("numpy_of_the_future",))
    with pytest.raises(MissingDependencyError, match=r"backend 'numpy-linear' needs numpy_of"):
        plan(make_spec({"backends": ["numpy-linear"]}), plugins)
    with pytest.raises(UsageError, match="no backend is installed that matches numpy-l"):
        plan(make_spec({"backends": ["numpy-l*"]}), plugins)


def test_plan_gives_every_combination_grouped_by_architecture(plugins):
    spec = make_spec(
        {"archs": ["lenet5", "mlp"], "backends": ["numpy-linear", "loud"], "seeds": [3, 5]}
    )
    cases = plan(spec, plugins)
    assert [(case.architecture, case.seed, case.backend) for case in cases] == [
        (architecture, seed, backend)
        for architecture in ("lenet5", "mlp")
        for seed in (3, 5)
        for backend in ("numpy-linear", "loud")
    ]
    assert len({case.id for case in cases}) == 8


def test_plan_gives_native_models_to_the_backends_that_hold_them(plugins):
    spec = make_spec({"archs": ["mlp", "numpy/plain"], "backends": ["loud", "numpy-adopting"]})
    cases = plan(spec, plugins)
    assert [(case.architecture, case.backend) for case in cases] == [
        ("mlp", "loud"),
        ("mlp", "numpy-adopting"),
        ("numpy/plain", "numpy-adopting"),
    ]
    assert "/" not in cases[2].id


def test_plan_refuses_a_native_model_that_no_backend_holds(plugins):
    with pytest.raises(UsageError, match=r"numpy/plain is written for .*; this run's .* are loud"):
        plan(make_spec({"archs": ["numpy/plain"], "backends": ["loud"]}), plugins)


def test_plan_refuses_a_recipe_that_the_idiomatic_division_cannot_follow(plugins):
    spec = make_spec({"division": "idiomatic", "set": {"schedule": "cosine", "ema": 0.9}})
    with pytest.raises(UsageError, match="the recipe has ema, schedule: choose another"):
        plan(spec, plugins)


def test_plan_makes_a_case_for_every_fold(plugins):
    spec = make_spec({"archs": ["softmax_regression"], "backends": ["numpy-linear"], "folds": 3})
    assert [case.fold for case in plan(spec, plugins)] == [(0, 3), (1, 3), (2, 3)]
