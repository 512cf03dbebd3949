"""The options that `run` and `plan` share: those of `benchsuite.planning.RunSpec`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from benchsuite.cli.parameters import (
    PATH,
    Assignment,
    Command,
    InputShape,
    Integers,
    Names,
    complete,
    complete_recipes,
)

if TYPE_CHECKING:
    from benchsuite.planning import RunSpec

_OPTIONS = (
    click.option(
        "--config",
        type=PATH,
        help="TOML file with any of these options; the command line overrides it.",
    ),
    click.option(
        "--archs",
        type=Names("architectures"),
        help="Names and patterns, such as 'resnet*,lenet5'; native models by name, such as "
        "'torchvision/resnet50'. [default: all architectures]",
    ),
    click.option(
        "--backends",
        type=Names("backends"),
        help="Names and patterns; all means every installed backend. [default: torch, Keras on "
        "TensorFlow and JAX, and the defaults of other plugins]",
    ),
    click.option(
        "--dataset",
        shell_complete=complete("datasets"),
        help="What to train on, such as cifar10 or imagefolder:PATH. [default: digits]",
    ),
    click.option("--limit", type=int, help="Number of images of each split. [default: all]"),
    click.option(
        "--folds",
        type=int,
        help="Cross-validate with this number of parts of the training split, one case per part.",
    ),
    click.option("--bad-images", help="stop, or skip images that cannot be read. [default: stop]"),
    click.option("--device", help="auto, cpu, cuda, cuda:1, mps, … [default: auto]"),
    click.option(
        "--precisions",
        type=Names(),
        help="Any of fp32, tf32, bf16, fp16, fp64; one case each. [default: fp32]",
    ),
    click.option(
        "--tiers",
        type=Names(),
        help="How the framework is called: native, native+layout, compiled, user_api; one case "
        "each. [default: native]",
    ),
    click.option(
        "--seeds", type=Integers("seeds"), help="Such as 0,1,2; one case each. [default: 0]"
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
        help="Passes over the training split. [default: the recipe's; a tour may end earlier]",
    ),
    click.option("--batch-size", type=int, help="Batch size of training. [default: the recipe's]"),
    click.option(
        "--target-accuracy",
        type=float,
        help="Train until this accuracy on the validation split, such as 0.94, and report the time "
        "to it. [default: none]",
    ),
    click.option(
        "--division",
        help="matched, or idiomatic: each framework trains as its guides do. [default: matched]",
    ),
    click.option(
        "--checkpoint-epochs",
        type=int,
        help="Write a checkpoint after this number of epochs, and continue from an existing one. "
        "[default: none]",
    ),
    click.option(
        "--input",
        type=InputShape(),
        help="Size of the input. [default: the network's own; a tour may train at a smaller one]",
    ),
    click.option(
        "--threads",
        type=Integers("threads"),
        help="CPU threads, such as 1,2; one case each. [default: one per physical core]",
    ),
    click.option(
        "--process-settings",
        "--environment",  # its name until records of version 4
        "process_settings",
        help="tuned: each framework gets a suitable allocator and binding; or stock. "
        "[default: tuned]",
    ),
    click.option(
        "--protocol",
        help="full (intervals and verdicts), quick (three processes), tour (one process) or smoke "
        "(only shows that all works). [default: tour, or what the budget allows]",
    ),
    click.option(
        "--budget",
        help="Time for the whole run, such as 15m; the run measures as thoroughly as it allows. "
        "[default: none]",
    ),
    click.option("--quick", "protocol", flag_value="quick", help="The same as --protocol quick."),
    click.option(
        "--timeout",
        "timeout_s",
        type=float,
        help="Seconds per case. [default: 600 in a tour, 3600 in rounds, a week with other "
        "recipes]",
    ),
    click.option(
        "--memory-limit",
        help="Host memory of each process of a case, such as 8GiB; a case that needs more ends as "
        "oom. Linux only. [default: none]",
    ),
    # Flags are None where nobody gives them: a configuration file may then say yes.
    click.option(
        "--batch-backoff",
        is_flag=True,
        default=None,
        help="If a timed batch does not fit into memory, time the largest that fits.",
    ),
    click.option(
        "--exclusive",
        is_flag=True,
        default=None,
        help="Refuse to start while other programs use the host or the GPU.",
    ),
    click.option(
        "--isolation",
        help="How worker processes start: spawn, fork or auto. [default: auto]",
    ),
    click.option("--results", help="Results folder. [default: results]"),
)


def run_options(command: Command) -> Command:
    """Give a command every option of a run."""
    # A decorator puts its option before those that are there: help is to list them as above.
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def spec_of(options: dict[str, Any]) -> RunSpec:
    """The specification that the options and their config file make together."""
    from benchsuite.planning import make_spec

    config = options.pop("config")
    options["set"] = dict(options["set"])
    return make_spec({k: v for k, v in options.items() if v is not None}, config)
