"""Runs of several machines as one: which records it holds, and how it comes into being."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Any, Literal

from benchsuite.errors import UsageError
from benchsuite.files import opened, require_within
from benchsuite.records import store
from benchsuite.records.certificate import CERTIFICATES
from benchsuite.records.reading import content_of
from benchsuite.records.store import RECORDS, RUNS, Stored
from benchsuite.records.writing import pretty_json, write_atomically

Keep = Literal["first", "last", "ok"]
#: Cases that an error names; it counts the rest.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class MergePart:
    """One of the runs that are merged."""

    folder: Path
    facts: dict[str, Any]
    stored: tuple[Stored, ...]

    @property
    def name(self) -> str:
        """Its folder's name, which is its run's."""
        return self.folder.resolve().name

    @property
    def results(self) -> Path:
        """The results folder that it lies in, where its certificates are."""
        return self.folder.resolve().parent.parent


def read_parts(folder: Path) -> list[MergePart]:
    """The run, or all runs, in a folder. Raises UsageError where none is, or a file is not ours."""
    # Hidden folders are merges that never ended.
    found = sorted(folder.glob(f"{RUNS}/[!.]*/{RECORDS}"))
    runs = [folder] if (folder / RECORDS).is_dir() else [records.parent for records in found]
    if not runs:
        raise UsageError(
            f"'{folder}' is neither a run nor a results folder: it has neither '{RECORDS}' "
            f"nor '{RUNS}'"
        )
    return [MergePart(run, store.read_run(run), tuple(store.read_stored([run]))) for run in runs]


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merged run is to hold, and what became of cases that several parts hold.

    repeated: ids of cases with the same record in several parts.
    decided: ids of those with different ones, of which one was kept.
    """

    parts: tuple[MergePart, ...]
    stored: tuple[Stored, ...]
    repeated: tuple[str, ...]
    decided: tuple[str, ...]


def merge(parts: Sequence[MergePart], keep: Keep | None = None) -> Merged:
    """Every case of every part, once.

    keep: which of several records of one case: the part that is named first, the one named
    last, or the only one whose status is ok.

    Raises UsageError where records of one case differ, and `keep` does not decide.
    """
    found: dict[str, list[Stored]] = {}
    for part in parts:
        for stored in part.stored:
            found.setdefault(stored.record.case.id, []).append(stored)
    several = {case_id: held for case_id, held in found.items() if len(held) > 1}
    differing = [i for i, held in several.items() if any(x.record != held[0].record for x in held)]
    kept = {i: _choose(held, keep if i in differing else "first") for i, held in found.items()}
    open_cases = [case_id for case_id, stored in kept.items() if stored is None]
    if open_cases:
        raise UsageError(_conflict([several[case_id] for case_id in open_cases], keep))
    return Merged(
        tuple(parts),
        tuple(stored for stored in kept.values() if stored),
        tuple(case_id for case_id in several if case_id not in differing),
        tuple(differing),
    )


def _choose(held: Sequence[Stored], keep: Keep | None) -> Stored | None:
    if keep == "ok":
        sound = [stored for stored in held if stored.record.status == "ok"]
        return sound[0] if len(sound) == 1 else None
    return {"first": held[0], "last": held[-1], None: None}[keep]


def _conflict(cases: Sequence[Sequence[Stored]], keep: Keep | None) -> str:
    named = "; ".join(
        f"{held[0].record.case.id} ({', '.join(f'{s.record.status} in {s.folder}' for s in held)})"
        for held in cases[:_NAMED]
    )
    more = f"; and {len(cases) - _NAMED} more" if len(cases) > _NAMED else ""
    unable = "--keep ok finds none, or several, that are ok: " if keep == "ok" else ""
    return (
        f"{len(cases)} cases have different records in several parts: {named}{more}: {unable}"
        "say --keep first, last or ok, or look at the runs side by side with "
        "'benchsuite leaderboard'"
    )


@contextmanager
def built_beside(folder: Path) -> Iterator[Path]:
    """An empty folder that takes its place when everything in it is done, and never before.

    Raises UsageError where the place is taken, or cannot be written.
    """
    if folder.exists():
        raise UsageError(f"'{folder}' exists: choose another name with --name")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Beside its place: a rename within a file system is one step.
        unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise UsageError(
            f"'{folder.parent}' cannot be written ({error.strerror}): choose another folder "
            "with --results"
        ) from error
    try:
        yield unfinished
        # `mkdtemp` makes folders for their owner alone.
        unfinished.chmod(0o755)
        unfinished.rename(folder)
    except OSError as error:
        raise UsageError(f"'{folder}' cannot be written ({error.strerror})") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def write_merged(folder: Path, name: str, merged: Merged) -> None:
    """Copy all that lies beside the merged records, each case under its id of today."""
    for kind in (RECORDS, store.LOGS, store.PREDICTIONS, store.SAMPLES):
        (folder / kind).mkdir()
    for stored in merged.stored:
        for file in _files_of(stored):
            suffix = file.name.removeprefix(stored.path.stem)
            _copy(file, folder / file.parent.name / f"{stored.record.case.id}{suffix}", stored)
    facts = {"run": name, "parts": [part for one in merged.parts for part in _facts(one, merged)]}
    write_atomically(folder / store.RUN_FILE, pretty_json(facts))


def _copy(source: Path, target: Path, stored: Stored) -> None:
    # A link must not bring somebody's private file into what is published.
    require_within(source, stored.folder)
    with opened(source) as content, target.open("wb") as copy:
        shutil.copyfileobj(content, copy)
    shutil.copystat(source, target)


def _files_of(stored: Stored) -> Iterator[Path]:
    yield stored.path
    for kind in (store.LOGS, store.PREDICTIONS, store.SAMPLES):
        yield from sorted((stored.folder / kind).glob(f"{escape(stored.path.stem)}.*"))


def _facts(part: MergePart, merged: Merged) -> list[dict[str, Any]]:
    """The facts of a part, or of its own parts, each with the cases that came from it."""
    held = {stored.path.stem: stored for stored in merged.stored if stored.folder == part.folder}
    # Of a part that was merged itself, its own parts are named: they are what ran on a machine.
    inner = part.facts.get("parts") or [{"run": part.name, **part.facts, "cases": list(held)}]
    return [
        {**facts, "cases": [held[stem].record.case.id for stem in facts["cases"] if stem in held]}
        for facts in inner
    ]


def carry_certificates(parts: Iterable[MergePart], results: Path) -> list[Path]:
    """Copy certificates beside the parts into a results folder; those that another one bars."""
    barred = []
    for folder in dict.fromkeys(part.results for part in parts):
        for source in sorted((folder / CERTIFICATES).glob("*/*.json")):
            require_within(source, folder)
            content = content_of(source)
            target = results / source.relative_to(folder)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(target, content)
            elif target.read_bytes() != content:
                barred.append(source)
    return barred
