"""From what is asked to what will be done: the list of cases."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal

from benchsuite.contract import NativeModel, Recipe
from benchsuite.errors import UsageError
from benchsuite.graph import Shape
from benchsuite.hooks import Entry, Plugins
from benchsuite.measure.protocol import NAMED
from benchsuite.networks import Network, choose_networks
from benchsuite.planning import budget
from benchsuite.planning.spec import RunSpec
from benchsuite.processes.launcher import HostFacts
from benchsuite.processes.messages import BackendInspection
from benchsuite.records import Case
from benchsuite.training.recipes import TOUR, make_recipe

_DEFAULT = "tour"
#: By protocol: seconds a case below which a budget gets a lesser one.
_LEAST_S = {"full": 420.0, "quick": 90.0}


@dataclass(frozen=True, slots=True)
class Choice:
    """A backend that takes part, and the device it will use."""

    name: str
    device: str


def choose_backends(spec: RunSpec, plugins: Plugins) -> list[Entry]:
    """The backends asked for, or the default ones; patterns leave out those not installed.

    Raises UnknownNameError, MissingDependencyError for one that was asked for by its name,
    and UsageError where none is left.
    """
    asked = spec.backends or ()
    chosen = plugins.backends.select(asked) if asked else _by_default(plugins)
    for entry in chosen:
        if entry.name in asked and entry.target.missing():
            entry.load()  # raises, naming what is missing and how to install it
    available = [entry for entry in chosen if not entry.target.missing()]
    if not available:
        matching = f" that matches {', '.join(asked)}" if asked else ""
        hints = "; ".join(entry.target.install for entry in chosen) or "install a plugin"
        raise UsageError(f"no backend is installed{matching}: {hints}")
    return available


def _by_default(plugins: Plugins) -> list[Entry]:
    return [entry for entry in plugins.backends.values() if entry.target.by_default]


def choose_devices(
    spec: RunSpec, inspections: Mapping[str, BackendInspection | None]
) -> list[Choice]:
    """The device of each backend; one that cannot be looked at fails later, by itself.

    Raises UsageError where no backend has the device asked for.
    """
    wanted = f"{spec.device}:0" if spec.device == "cuda" else spec.device
    devices = {
        name: inspection.devices if inspection else () for name, inspection in inspections.items()
    }
    if wanted == "auto":
        return [Choice(name, next(iter(found), "cpu")) for name, found in devices.items()]
    if not any(wanted in found for found in devices.values()):
        there = "; ".join(f"{name} has {', '.join(found)}" for name, found in devices.items())
        raise UsageError(f"device '{spec.device}' is not there: {there}")
    return [Choice(name, wanted) for name in devices]


def choose_protocol(spec: RunSpec, cases: int) -> str:
    """The one asked for, or the most thorough that the budget has time for, or the tour."""
    if spec.protocol or not spec.budget_s or not cases:
        return spec.protocol or _DEFAULT
    share = spec.budget_s / cases
    return next((name for name, least in _LEAST_S.items() if share >= least), _DEFAULT)


def check_ways(spec: RunSpec, inspections: Mapping[str, BackendInspection | None]) -> None:
    """Raise UsageError for a tier or a precision that no backend has."""
    for option, asked, field in (
        ("--tiers", spec.tiers, "tiers"),
        ("--precisions", spec.precisions, "precisions"),
    ):
        has = {
            name: getattr(inspection, field)
            for name, inspection in inspections.items()
            if inspection
        }
        for value in asked:
            if has and not any(value in found for found in has.values()):
                there = "; ".join(f"{name} has {', '.join(found)}" for name, found in has.items())
                raise UsageError(f"no backend has '{value}' ({option}): {there}")


def plan_cases(
    spec: RunSpec, plugins: Plugins, choices: Iterable[Choice], host: HostFacts
) -> list[Case]:
    """Every case, grouped by architecture, in the order in which they will run on this host.

    Raises UnknownNameError, ShapeError where a network cannot take `spec.input`,
    MissingDependencyError where the data set's package or a native model's is not installed,
    and UsageError where no backend can hold a native model.
    """
    chosen = list(choices)
    recipe = choose_recipe(spec)
    source, _ = plugins.datasets.find(spec.dataset)
    if source.target.missing():
        source.load()  # raises, naming what is missing and how to install it
    networks = choose_networks(spec.archs, plugins)
    for network in networks:
        network.trace(_input_shape(spec, network))
    trials = _trials(spec)
    ways = [(network, _ways(spec, _that_hold(network, chosen), host)) for network in networks]
    return [
        _case(spec, recipe, network, trial, way)
        for network, its_ways in ways
        for trial in trials
        for way in its_ways
    ]


def _that_hold(network: Network, choices: list[Choice]) -> list[Choice]:
    """All backends take every architecture; a native model is one framework's."""
    if not isinstance(network, NativeModel) or not choices:
        return choices
    holding = [choice for choice in choices if network.fits(choice.name)]
    if not holding:
        raise UsageError(
            f"{network.name} is written for {', '.join(network.backends)}; this run's backends "
            f"are {', '.join(choice.name for choice in choices)}: add one with --backends"
        )
    return holding


def choose_recipe(spec: RunSpec) -> Recipe:
    """The recipe with what the options change of it. Raises UsageError and UnknownNameError."""
    own = {
        "epochs": spec.epochs,
        "batch_size": spec.batch_size,
        "target_top1": spec.target_accuracy,
    }
    changes = {**spec.set, **{key: value for key, value in own.items() if value is not None}}
    return make_recipe(spec.recipe, changes, spec.division)


@dataclass(frozen=True, slots=True)
class _Trial:
    """What one of several trainings of a network draws its numbers from."""

    seed: int
    fold: tuple[int, int] | None


def _trials(spec: RunSpec) -> list[_Trial]:
    folds = [(index, spec.folds) for index in range(spec.folds)] if spec.folds else [None]
    return [_Trial(seed, fold) for seed in spec.seeds for fold in folds]


@dataclass(frozen=True, slots=True)
class _Way:
    """How a network is computed."""

    tier: str
    precision: str
    threads: int
    choice: Choice
    isolation: Literal["spawn", "fork"]


def _ways(spec: RunSpec, choices: list[Choice], host: HostFacts) -> list[_Way]:
    threads = spec.threads or (host.default_threads,)
    return [
        _Way(*way, _isolation(spec, way[-1].device, host))
        for way in product(spec.tiers, spec.precisions, threads, choices)
    ]


def _case(spec: RunSpec, recipe: Recipe, network: Network, trial: _Trial, way: _Way) -> Case:
    choice = way.choice
    limits = budget.budget_for(choice.device)
    graph = trained = network.trace(_input_shape(spec, network))
    if spec.recipe == TOUR:
        trained, recipe = budget.tour(spec, recipe, network, graph, limits)
    return Case(
        architecture=network.name,
        backend=choice.name,
        device=choice.device,
        tier=way.tier,
        precision=way.precision,
        threads=way.threads,
        division=spec.division,
        dataset=spec.dataset,
        limit=spec.limit,
        fold=trial.fold,
        bad_images=spec.bad_images,
        seed=trial.seed,
        recipe=recipe,
        input_shape=budget.extent(graph),
        num_classes=network.classes,
        train_input_shape=budget.extent(trained),
        inference_batch_size=budget.inference_batch_size(graph, limits),
        training_batch_size=budget.training_batch_size(graph, limits),
        protocol=NAMED[spec.protocol or _DEFAULT].name,
        isolation=way.isolation,
        process_settings=spec.process_settings,
        origin="native" if isinstance(network, NativeModel) else "graph",
    )


def _input_shape(spec: RunSpec, network: Network) -> Shape:
    given = spec.input or ()
    return (*given, *network.input_shape[len(given) :])


def _isolation(spec: RunSpec, device: str, host: HostFacts) -> Literal["spawn", "fork"]:
    if spec.isolation != "auto":
        return spec.isolation
    one_process = NAMED[spec.protocol or _DEFAULT].rounds == (1,)
    return "fork" if host.can_fork and device == "cpu" and one_process else "spawn"
