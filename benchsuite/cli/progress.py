"""Progress of a run: a bar on a terminal, plain lines elsewhere.

The bar is drawn when something happens and at no other time: a thread that redraws it ten
times a second would take its share of the processor from what is being measured.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from benchsuite.cli.output import time_left
from benchsuite.orchestration import Observer
from benchsuite.records import Case, Epoch, Record
from benchsuite.terminal import console


@contextmanager
def progress() -> Iterator[Observer]:
    """The observer that suits where standard error goes."""
    output = console(stderr=True)
    if not output.is_terminal:
        yield _Lines(output)
        return
    bar = Progress(
        TextColumn("{task.fields[left]}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
        console=output,
        auto_refresh=False,
        transient=True,
    )
    with bar:
        yield _Bar(bar)


def _left(start_s: float, done: int, total: int) -> str:
    """Estimated from the cases that have ended."""
    left = time_left(start_s, done, total)
    return f"{left} left" if done else f"time left: {left}"


class _Told:
    """What both observers do alike."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._start_s = time.monotonic()

    def resumed(self, kept: int, again: Mapping[str, str]) -> None:
        """Say what a resumed run keeps, and how many cases it does again for each reason."""
        self._say(f"kept: {kept} cases that had ended")
        for why, count in Counter(again.values()).items():
            self._say(f"again: {count} cases ({why})")

    def _say(self, text: str) -> None:
        # a pipe gets a line a thing, however long
        piped = not self._console.is_terminal
        self._console.print(text, markup=False, highlight=False, soft_wrap=piped)


class _Lines(_Told):
    """One line as each case begins and ends."""

    def case_started(self, case: Case, index: int, total: int) -> None:
        left = _left(self._start_s, index, total)
        self._say(f"[{index + 1}/{total}] {_name(case)} … ({left})")

    def task_started(self, case: Case, task: str) -> None:
        """Too small a thing for a line."""

    def epoch_ended(self, case: Case, number: int, epoch: Epoch) -> None:
        self._say(f"    {_epoch(case, number, epoch)}")

    def round_started(self, number: int, most: int) -> None:
        if most > 1:
            self._say(f"    round {number + 1} of at most {most}")

    def case_ended(self, record: Record) -> None:
        self._say(f"    {_name(record.case)}: {_outcome(record)}")


class _Bar(_Told):
    """A bar with the time left; cases that did not end well stay above it."""

    def __init__(self, bar: Progress) -> None:
        super().__init__(bar.console)
        self._bar = bar
        self._task = bar.add_task("looking at the backends", total=None, left="")
        self._round = ""
        bar.refresh()

    def case_started(self, case: Case, index: int, total: int) -> None:
        self._round = ""
        left, text = _left(self._start_s, index, total), f"{_name(case)}"
        self._bar.update(self._task, total=total, completed=index, left=left, description=text)

    def task_started(self, case: Case, task: str) -> None:
        text = f"{_name(case)}: {task}{self._round}"
        self._bar.update(self._task, description=text, refresh=True)

    def epoch_ended(self, case: Case, number: int, epoch: Epoch) -> None:
        text = f"{_name(case)}: {_epoch(case, number, epoch)}"
        self._bar.update(self._task, description=text, refresh=True)

    def round_started(self, number: int, most: int) -> None:
        self._round = f", round {number + 1} of at most {most}" if most > 1 else ""

    def case_ended(self, record: Record) -> None:
        if record.status != "ok":
            self._say(f"{_name(record.case)}: {_outcome(record)}")


def _name(case: Case) -> str:
    """With what is out of the ordinary of how it is computed."""
    ways = [way for way in (case.tier, case.precision) if way not in ("native", "fp32")]
    return f"{case.architecture} on {' '.join([case.backend, *ways])}"


def _epoch(case: Case, number: int, epoch: Epoch) -> str:
    from benchsuite.metrics.declared import TOP1

    top1 = epoch.validation.get(TOP1.name)
    accuracy = "" if top1 is None else f", validation top-1 {top1:.3f}"
    loss = "no number" if epoch.mean_loss_nats is None else f"{epoch.mean_loss_nats:.3f}"
    return f"epoch {number} of {case.recipe.epochs}: loss {loss}{accuracy}, {epoch.train_s:.1f} s"


def _outcome(record: Record) -> str:
    return record.status if record.status == "ok" else f"{record.status}: {record.reason}"
