"""The options that `run` and `plan` share: those of `benchsuite.run.RunSpec`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from benchsuite.cli.parameters import InputShape, Names, Seeds, complete

if TYPE_CHECKING:
    from benchsuite.run import RunSpec

_Function = TypeVar("_Function", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--config",
        type=click.Path(path_type=Path),
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
        "--dataset", shell_complete=complete("datasets"), help="What to train on. [default: digits]"
    ),
    click.option("--device", help="auto, cpu, cuda, cuda:1, mps, … [default: auto]"),
    click.option("--precision", help="fp32, or fp64. [default: fp32]"),
    click.option("--seeds", type=Seeds(), help="One case for each, such as 0,1,2. [default: 0]"),
    click.option(
        "--epochs", type=int, help="Passes over the training split. [default: what the tour allows]"
    ),
    click.option("--batch-size", type=int, help="Of training. [default: 32]"),
    click.option("--optimizer", help="adam or sgd. [default: adam]"),
    click.option("--learning-rate", type=float, help="[default: 0.001]"),
    click.option(
        "--input",
        type=InputShape(),
        help="Input to measure and train at. [default: the network's own, smaller in training "
        "where the tour's budget needs it]",
    ),
    click.option("--threads", type=int, help="CPU threads. [default: one per physical core]"),
    click.option("--protocol", help="tour-1, or smoke-1 to see that all works. [default: tour-1]"),
    click.option("--timeout", "timeout_s", type=float, help="Seconds a case. [default: 600]"),
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
    from benchsuite.run import make_spec

    config = options.pop("config")
    return make_spec({k: v for k, v in options.items() if v is not None}, config)
