"""`benchsuite verify`: prove that networks are the same in every backend."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchsuite.cli.output import print_table, say, time_left
from benchsuite.cli.parameters import PATH, Names, plugins_of

if TYPE_CHECKING:
    from benchsuite.records.certificate import Certificate

_PRECISIONS = ("fp64", "fp32")
_NOT_PROVEN = 1


@click.command()
@click.option(
    "--archs", type=Names("architectures"), help="Names and patterns, such as 'resnet*'. [all]"
)
@click.option("--backends", type=Names("backends"), help="Names and patterns. [as `run`]")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda:0, mps, …")
@click.option(
    "--precision",
    "precisions",
    multiple=True,
    type=click.Choice(_PRECISIONS),
    help="May be given more than once. [default: fp64 and fp32; fp32 alone off the CPU]",
)
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, min_open=True),
    default=600.0,
    show_default=True,
    help="Seconds for one network in one backend.",
)
@click.option(
    "--memory-limit",
    help="Host memory that each process may hold, such as 8GiB. Linux alone. [default: none]",
)
@click.option("--results", type=PATH, default=Path("results"))
@click.pass_context
def verify(
    ctx: click.Context,
    *,
    archs: tuple[str, ...] | None,
    backends: tuple[str, ...] | None,
    device: str,
    precisions: tuple[str, ...],
    threads: int,
    timeout_s: float,
    memory_limit: str | None,
    results: Path,
) -> None:
    """Compare networks with the reference, and write a certificate of each.

    The same weights and images go through every backend: layer outputs, loss, gradients,
    statistics, and weights after twelve optimiser steps. The leaderboard's rows say what is
    proven. Exit code 0 where everything holds, 1 where something does not.
    """
    from benchsuite.parity import Request
    from benchsuite.parity import verify as certify
    from benchsuite.parity.subjects import UPDATE_RULES
    from benchsuite.planning import choose_backends, make_spec
    from benchsuite.records.certificate import write_certificate

    plugins = plugins_of(ctx)
    chosen = [entry.name for entry in plugins.architectures.select(archs or ("all",))]
    spec = make_spec({"backends": backends, "memory_limit": memory_limit})
    request = Request(
        subjects=(UPDATE_RULES, *chosen),
        backends=[e.name for e in choose_backends(spec, plugins)],
        # Only on a CPU do two right implementations in float64 differ by rounding alone.
        precisions=precisions or (_PRECISIONS if device == "cpu" else ("fp32",)),
        device=device,
        threads=threads,
        timeout_s=timeout_s,
        memory_limit_bytes=spec.memory_limit_bytes,
    )
    certificates = []
    for certificate in certify(request, plugins, partial(_say_started, time.monotonic())):
        write_certificate(results, certificate)
        certificates.append(certificate)
        _say_certified(certificate)
    _print_table(certificates)
    say(f"certificates: {results / 'certificates'}")
    sys.exit(0 if all(c.holds for c in certificates) else _NOT_PROVEN)


def _say_started(start_s: float, subject: str, worker: str, index: int, total: int) -> None:
    left = time_left(start_s, index, total)
    say(f"[{index + 1}/{total}] {subject}: {worker} … ({left} left)", err=True)


def _say_certified(found: Certificate) -> None:
    reason = f": {found.reason}" if found.reason else ""
    say(f"    {found.precision}: {found.verdict}{reason} ({found.seconds:.0f} s)", err=True)


_COLUMNS = {
    "outputs": "layer outputs",
    "logits": "logits",
    "loss": "loss",
    "gradients": "gradients",
    "statistics": "statistics after a step",
    "weights": "weights after steps",
    "rules": "update rules",
}


def _print_table(certificates: Sequence[Certificate]) -> None:
    rows = [
        (
            c.architecture,
            c.backend,
            c.precision,
            c.verdict,
            *(_error(c.error(quantity)) for quantity in _COLUMNS.values()),
        )
        for c in certificates
    ]
    headers = ("network", "backend", "precision", "verdict", *_COLUMNS)
    print_table(headers, rows, numbers=tuple(_COLUMNS), folded=("network", "backend"))


def _error(error: float | None) -> str:
    return "" if error is None else f"{error:.0e}"
