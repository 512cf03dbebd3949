"""`benchsuite verify`: prove that networks are the same in every backend."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchsuite.cli.output import print_table, say, time_left
from benchsuite.cli.parameters import PATH, Names, plugins_of

if TYPE_CHECKING:
    from benchsuite.hooks import Plugins
    from benchsuite.parity import Request
    from benchsuite.records.certificate import Certificate

_NOT_PROVEN = 1


@click.command()
@click.option(
    "--archs", type=Names("architectures"), help="Names and patterns, such as 'resnet*'. [all]"
)
@click.option("--backends", type=Names("backends"), help="Names and patterns. [as `run`]")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda:0, mps, …")
@click.option(
    "--tiers",
    type=Names(),
    default=("native",),
    help="How the framework is called, such as native,compiled. [default: native]",
)
@click.option(
    "--precisions",
    type=Names(),
    help="Any of fp64, fp32, tf32, bf16, fp16. [default: fp64,fp32; fp32 alone off the CPU]",
)
@click.option("--precision", "further", multiple=True, hidden=True, type=Names())
@click.option(
    "--division",
    type=click.Choice(["matched", "idiomatic"]),
    default="matched",
    show_default=True,
    help="Whose training is compared: that by the core's rules, or the framework's own.",
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
    /,
    *,
    archs: tuple[str, ...] | None,
    results: Path,
    **options: Any,  # noqa: ANN401 - those of a request, by their names
) -> None:
    """Compare networks with the reference, and write a certificate of each.

    The same weights and images go through every backend: layer outputs, loss, gradients,
    statistics, and weights after optimiser steps. The leaderboard's rows say what is proven.
    Exit code 0 where everything holds, 1 where something does not.
    """
    from benchsuite.parity import verify as certify
    from benchsuite.records.certificate import write_certificate

    plugins = plugins_of(ctx)
    request = _request(plugins, archs, options)
    certificates = []
    for certificate in certify(request, plugins, partial(_say_started, time.monotonic())):
        write_certificate(results, certificate)
        certificates.append(certificate)
        _say_certified(certificate)
    _print_table(certificates)
    say(f"certificates: {results / 'certificates'}")
    sys.exit(0 if all(c.holds for c in certificates) else _NOT_PROVEN)


def _request(plugins: Plugins, archs: tuple[str, ...] | None, options: dict[str, Any]) -> Request:
    """What is asked for. Raises UsageError for what no backend has."""
    from benchsuite.orchestration.orchestrate import launched
    from benchsuite.parity import Request
    from benchsuite.parity.subjects import UPDATE_RULES
    from benchsuite.planning import choose_backends, make_spec
    from benchsuite.planning.backend_inspection import check_offers

    chosen = [entry.name for entry in plugins.architectures.select(archs or ("all",))]
    threads, device = options.pop("threads"), options["device"]
    further = (name for names in options.pop("further") for name in names)
    precisions = (*(options["precisions"] or ()), *further)
    # Only on a CPU do two right implementations in float64 differ by rounding alone.
    usual = ("fp64", "fp32") if device == "cpu" else ("fp32",)
    spec = make_spec({**options, "precisions": precisions or usual})
    with launched(None, spec, plugins) as launcher:
        check_offers(spec, plugins, launcher)
    return Request(
        subjects=(UPDATE_RULES, *chosen),
        backends=[entry.name for entry in choose_backends(spec, plugins)],
        tiers=spec.tiers,
        precisions=spec.precisions,
        device=device,
        division=spec.division,
        threads=threads,
        timeout_s=spec.case_timeout_s,
        memory_limit_bytes=spec.memory_limit_bytes,
    )


def _say_started(start_s: float, subject: str, worker: str, index: int, total: int) -> None:
    left = time_left(start_s, index, total)
    say(f"[{index + 1}/{total}] {subject}: {worker} … ({left} left)", err=True)


def _say_certified(found: Certificate) -> None:
    reason = f": {found.reason}" if found.reason else ""
    way = f"{found.backend}, {found.tier}, {found.precision}"
    say(f"    {way}: {found.verdict}{reason} ({found.seconds:.0f} s)", err=True)


_COLUMNS = {
    "outputs": "layer outputs",
    "logits": "logits",
    "loss": "loss",
    "gradients": "gradients",
    "statistics": "statistics after a step",
    "weights": "weights after steps",
    "rules": "update rule",
}


def _print_table(certificates: Sequence[Certificate]) -> None:
    rows = [
        (
            c.architecture,
            c.backend,
            c.tier,
            c.precision,
            c.verdict,
            *(_error(c, quantity) for quantity in _COLUMNS.values()),
        )
        for c in certificates
    ]
    headers = ("network", "backend", "tier", "precision", "verdict", *_COLUMNS)
    print_table(headers, rows, numbers=tuple(_COLUMNS), folded=("network", "backend"))


def _error(certificate: Certificate, quantity: str) -> str:
    """The largest of a quantity, or of all update rules together."""
    found = [
        check.error
        for check in certificate.checks
        if check.quantity.partition(":")[0] == quantity and check.error is not None
    ]
    return f"{max(found):.0e}" if found else ""
