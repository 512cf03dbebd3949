"""The options that `run` and `plan` share: those of `benchsuite.planning.RunSpec`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from benchsuite.cli.parameters import (
    PATH,
    Assignment,
    InputShape,
    Integers,
    Names,
    complete,
    complete_recipes,
)

if TYPE_CHECKING:
    from benchsuite.planning import RunSpec

_Function = TypeVar("_Function", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--config",
        type=PATH,
        help="TOML file with any of these options; the command line wins.",
    ),
    click.option(
        "--archs",
        type=Names("architectures"),
        help="Names and patterns, such as 'resnet*,lenet5'; native models too, such as "
        "'torchvision/resnet50'. [default: all, which is every architecture]",
    ),
    click.option(
        "--backends",
        type=Names("backends"),
        help="Names and patterns; all is every one installed. [default: torch and Keras on its "
        "own frameworks, and what other plugins count in]",
    ),
    click.option(
        "--dataset",
        shell_complete=complete("datasets"),
        help="What to train on, such as cifar10 or imagefolder:PATH. [default: digits]",
    ),
    click.option(
        "--limit", type=int, help="Images of each of the data set's splits. [default: all]"
    ),
    click.option(
        "--folds",
        type=int,
        help="Cross-validate: a case for each of so many parts of the training split.",
    ),
    click.option("--bad-images", help="stop, or skip those that cannot be read. [default: stop]"),
    click.option("--device", help="auto, cpu, cuda, cuda:1, mps, … [default: auto]"),
    click.option(
        "--precisions",
        type=Names(),
        help="A case for each of fp32, tf32, bf16, fp16, fp64. [default: fp32]",
    ),
    click.option(
        "--tiers",
        type=Names(),
        help="How the framework is called, a case for each: native, native+layout, compiled, "
        "user_api. [default: native]",
    ),
    click.option(
        "--seeds", type=Integers("seeds"), help="One case for each, such as 0,1,2. [default: 0]"
    ),
    click.option(
        "--recipe",
        shell_complete=complete_recipes,
        help="How to train: a preset such as cifar10, or a TOML file. [default: tour]",
    ),
    click.option(
        "--set",
        type=Assignment(),
        multiple=True,
        help="A value of the recipe, such as lr=0.1 or augmentation='[\"flip\"]'; may be repeated.",
    ),
    click.option(
        "--epochs",
        type=int,
        help="Passes over the training split. [default: the recipe's; the tour's end early]",
    ),
    click.option("--batch-size", type=int, help="Of training. [default: the recipe's]"),
    click.option(
        "--target-accuracy",
        type=float,
        help="Train until this share of the validation split is recognised, and tell the time "
        "that it took, such as 0.94. [default: none]",
    ),
    click.option(
        "--division",
        help="matched, or idiomatic: each framework as its own guides use it. [default: matched]",
    ),
    click.option(
        "--checkpoint-epochs",
        type=int,
        help="Write a checkpoint every so many epochs, and go on from one that is there. "
        "[default: none]",
    ),
    click.option(
        "--input",
        type=InputShape(),
        help="Input to measure and train at. [default: the network's own, smaller in training "
        "where the tour's budget needs it]",
    ),
    click.option(
        "--threads",
        type=Integers("threads"),
        help="CPU threads, a case for each, such as 1,2. [default: one per physical core]",
    ),
    click.option(
        "--process-settings",
        "--environment",  # its name until records of version 4
        "process_settings",
        help="tuned, each framework with the allocator and binding that suit it, or stock. "
        "[default: tuned]",
    ),
    click.option(
        "--protocol",
        help="full, with intervals and verdicts; quick, three processes; tour, one; or smoke, "
        "to see that all works. [default: tour, or what the budget allows]",
    ),
    click.option(
        "--budget",
        help="Time for the whole run, such as 15m: what is measured, and how thoroughly, is "
        "planned to fit. [default: none]",
    ),
    click.option("--quick", "protocol", flag_value="quick", help="The same as --protocol quick."),
    click.option(
        "--timeout",
        "timeout_s",
        type=float,
        help="Seconds a case. [default: 600 in the tour, 3600 in rounds, a week with other "
        "recipes]",
    ),
    click.option(
        "--memory-limit",
        help="Host memory that each process of a case may hold, such as 8GiB: what needs more ends "
        "as oom. Linux alone. [default: none]",
    ),
    click.option(
        "--batch-backoff",
        is_flag=True,
        default=None,
        help="Where a timed batch does not fit into memory, time the largest that does.",
    ),
    click.option(
        "--exclusive",
        is_flag=True,
        default=None,
        help="Refuse to begin where other programs are at work, on the host or on the GPU.",
    ),
    click.option(
        "--isolation",
        help="spawn, fork or auto: how worker processes start. [default: auto]",
    ),
    click.option("--results", help="Folder to write to. [default: results]"),
)


def run_options(command: _Function) -> _Function:
    """Give a command every option of a run."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def spec_of(options: dict[str, Any]) -> RunSpec:
    """The specification that the options and their config file make together."""
    from benchsuite.planning import make_spec

    config = options.pop("config")
    options["set"] = dict(options["set"])
    return make_spec({k: v for k, v in options.items() if v is not None}, config)
