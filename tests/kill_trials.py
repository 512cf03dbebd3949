"""Kill a small run at random moments and resume it until it is done: is anything lost or changed?

    python tests/kill_trials.py --trials 200 --seed 0

Each trial draws how often the run is killed, when, and who: the harness, a process that it
started, or all of them at once. Afterwards, records and predictions must be those of a run that
nobody disturbed, byte for byte but for times; records that had ended before a kill must not have
been touched; and no process and no half-written file may be left.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil

HERE = Path(__file__).parent
EXAMPLE = HERE.parent / "docs" / "example-plugin" / "src"
PLUGINS = (
    "benchsuite_example",
    *(str(HERE / name) for name in ("natives.py", "processes/faults/faults.py", "three_rounds.py")),
)
ASKED = (
    *("--archs", "softmax_regression", "--backends", "numpy-linear,oddversion"),
    *("--dataset", "stripes", "--epochs", "1", "--protocol", "smoke", "--isolation", "fork"),
    *("--seeds", "0,1"),
)
#: Of a record: when and how fast, and what follows from it.
_TIMES = {
    *("run", "started", "ended", "seconds", "train_s", "compile_s", "input_wait_s"),
    *("log_tail", "key", "error", "bound", "detail"),
    *("rooflines", "values", "value", "low", "high", "bound", "flags", "refused", "samples"),
    "rounds",
}
_MARK = "BENCHSUITE_KILL_TRIAL"


class Trial:
    """One run in a folder of its own, killed and resumed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = f"{os.getpid()}-{folder.name}"

    @property
    def run(self) -> Path | None:
        """The run's folder, once it is there with its specification."""
        return next((f.parent for f in self.folder.glob("results/runs/*/run.json")), None)

    def invocation(self, draw: random.Random | None = None, longest_s: float = 0.0) -> None:
        """Begin the run, or go on with it; with `draw`, somebody is killed on the way."""
        harness = self._start()
        if draw:
            with suppress(subprocess.TimeoutExpired):
                harness.wait(draw.uniform(0, longest_s))
            self._kill(harness, draw)
        harness.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        loaded = [word for plugin in PLUGINS for word in ("-p", plugin)]
        own = ("--resume", self.run.name, "--retry", "failed") if self.run else ASKED
        path = os.pathsep.join(filter(None, [str(EXAMPLE), os.environ.get("PYTHONPATH")]))
        with (self.folder / "output").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "benchsuite", *loaded, "run", *own, "--results", "results"],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": path, _MARK: self.mark},
                stdout=output,
                stderr=output,
            )

    def _kill(self, harness: subprocess.Popen[bytes], draw: random.Random) -> None:
        """The harness, one of the processes that it started, or all of them."""
        others = [process for process in self._processes() if process.pid != harness.pid]
        victim = draw.choice(("harness", "child", "all"))
        if victim == "child":
            others = draw.sample(others, min(1, len(others)))
        for process in others if victim != "harness" else ():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        if victim != "child":
            harness.kill()

    def ended(self) -> dict[str, bytes]:
        """Records of cases that have come to an end well, by name."""
        found = self.run.glob("records/*.json") if self.run else ()
        contents = {path.name: path.read_bytes() for path in found}
        return {n: c for n, c in contents.items() if json.loads(c)["status"] == "ok"}

    def outcome(self) -> dict[str, object]:
        """What must not depend on kills: records without times, and predictions."""
        records = {
            path.name: json.dumps(_timeless(json.loads(path.read_bytes())))
            for path in self.run.glob("records/*.json")
        }
        predictions = {
            path.name: {name: array.tobytes() for name, array in np.load(path).items()}
            for path in self.run.glob("predictions/*.npz")
        }
        samples = {path.name: sorted(_kept(path)) for path in self.run.glob("samples/*.jsonl")}
        return {**records, **predictions, **samples}

    def remains(self) -> list[str]:
        """Half-written files, and processes that should be gone."""
        files = [str(path) for path in self.run.glob("*/.*") if path.parent.name != ".replaced"]
        return files + [str(process) for process in self._processes()]

    def _processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(_MARK) == self.mark:
                    found.append(process)
        return found


def _timeless(value: object) -> object:
    if isinstance(value, dict):
        return {key: _timeless(inner) for key, inner in value.items() if key not in _TIMES}
    return [_timeless(inner) for inner in value] if isinstance(value, list) else value


def _kept(path: Path) -> list[tuple[object, ...]]:
    """What counts of its lines; rounds by their order, since a retried case has later ones."""
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    kept = [line for line in lines if not line["discarded"]]
    rounds = sorted({line["round"] for line in kept})
    fields = ("metric", "batch_size", "images", "attempt")
    return [(rounds.index(line["round"]), *(line[name] for name in fields)) for line in kept]


def undisturbed(folder: Path) -> tuple[dict[str, object], float]:
    """What a run comes to that nobody kills, and the seconds that it takes."""
    trial, start = Trial(folder), time.monotonic()
    trial.invocation()
    return trial.outcome(), time.monotonic() - start


def tried(folder: Path, seed: int, expected: dict[str, object], longest_s: float) -> list[str]:
    """One trial: what is wrong after it, in words."""
    trial, draw = Trial(folder), random.Random(seed)
    wrong: list[str] = []
    for _ in range(draw.randint(1, 3)):
        before = trial.ended()
        trial.invocation(draw, longest_s)
        after = trial.ended()
        wrong += [f"{name} was touched" for name in before if after.get(name) != before[name]]
    before = trial.ended()
    trial.invocation()
    after = trial.ended()
    wrong += [f"{name} was touched" for name in before if after.get(name) != before[name]]
    found = trial.outcome()
    names = sorted({*found, *expected})
    wrong += [f"{name} differs" for name in names if found.get(name) != expected.get(name)]
    return wrong + [f"left: {what}" for what in trial.remains()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        (reference := Path(folder) / "reference").mkdir()
        expected, longest_s = undisturbed(reference)
        for seed in range(asked.seed, asked.seed + asked.trials):
            (place := Path(folder) / str(seed)).mkdir()
            wrong = tried(place, seed, expected, longest_s)
            failed += bool(wrong)
            print(seed, *wrong or ["ok"], sep="\n    " if wrong else " ", flush=True)
    print(f"{asked.trials} trials, {failed} with something wrong")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
