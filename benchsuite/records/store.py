"""The store: one folder a run, one JSON file a record, written atomically."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from benchsuite.errors import UsageError, refused
from benchsuite.privacy import redacted
from benchsuite.records.contradictions import as_it_holds
from benchsuite.records.reading import NOT_OURS, content_of, read_json
from benchsuite.records.schema import SCHEMA_VERSION, Record
from benchsuite.records.series import Series, append_series, encode_series, read_series
from benchsuite.records.versions import decode_latest, decode_record, version_of
from benchsuite.records.writing import made, pretty_json, write_atomically, written

RECORDS = "records"
LOGS = "logs"
PREDICTIONS = "predictions"
SAMPLES = "samples"
JOURNAL = "journal"
REPLACED = ".replaced"
CHECKPOINTS = "checkpoints"
RUNS = "runs"
RUN_FILE = "run.json"
LOCK = "lock"


class RunStore:
    """Writes one run.

    Raises UsageError where its folder cannot be made, and StorageError where nothing more can be
    written into it.
    """

    def __init__(self, results: Path, run: str) -> None:
        self.run = run
        self.folder = results / RUNS / run
        self._checkpoints = results / CHECKPOINTS
        with made(results):
            for name in (RECORDS, LOGS, PREDICTIONS, SAMPLES, JOURNAL):
                (self.folder / name).mkdir(parents=True, exist_ok=True)

    @classmethod
    def begin(cls, results: Path) -> RunStore:
        """A new run, which nobody else has begun: the time, in a form that sorts."""
        name = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        names = (name, *(f"{name}-{count}" for count in range(2, 1000)))
        with made(results):
            (results / RUNS).mkdir(parents=True, exist_ok=True)
            return cls(results, next(x for x in names if _is_new(results / RUNS / x)))

    def write_run(self, facts: dict[str, Any]) -> None:
        """Store what holds for the whole run: its specification and environment."""
        self._write(self.folder / RUN_FILE, facts)

    def write(self, record: Record) -> Path:
        """Store one record."""
        path = self.record_path(record.case.id)
        self._write(path, record)
        return path

    def write_journal(self, name: str, content: object) -> None:
        """Store where some cases stand, under a name of theirs."""
        self._write(self.journal_path(name), content)

    def append(self, case_id: str, series: Iterable[Series]) -> None:
        """Add raw samples of a case."""
        path = self.samples_path(case_id)
        with written(path):
            append_series(path, series)

    def cut(self, case_id: str, count: int) -> list[Series] | None:
        """A case's raw samples, discarded past the first `count`; None where there are fewer."""
        path = self.samples_path(case_id)
        series = read_series(path) if path.exists() else []
        if len(series) < count:
            return None
        # They are of a round that never ended, and stay in the file for whoever looks into it.
        series[count:] = [replace(one, discarded=True) for one in series[count:]]
        with written(path):
            write_atomically(path, encode_series(series))
        return series

    def set_aside(self, case_id: str) -> None:
        """Keep what is there of a case where no reader looks: it is about to be done again."""
        folder = self.folder / REPLACED / datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S%fZ")
        paths = (self.record_path, self.samples_path, self.predictions_path)
        for path in (find(case_id) for find in paths):
            if path.exists():
                aside = folder / path.relative_to(self.folder)
                with written(aside):
                    aside.parent.mkdir(parents=True, exist_ok=True)
                    path.replace(aside)

    def drop_checkpoint(self, case_id: str) -> None:
        """Remove what a case's training that is over would have gone on from."""
        path = self.checkpoint_path(case_id)
        with written(path):
            path.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what a writer that was killed left half written."""
        for pattern in (".*.json*", "*/.*.json*", "*/.*.npz*"):
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)

    def record_path(self, case_id: str) -> Path:
        """Where a case's record is, once there is one."""
        return self.folder / RECORDS / f"{case_id}.json"

    def journal_path(self, name: str) -> Path:
        """Where some cases stand: see `benchsuite.orchestration.journal`."""
        return self.folder / JOURNAL / f"{name}.json"

    def log_path(self, case_id: str, task: str) -> Path:
        """Where a worker's own output goes."""
        return self.folder / LOGS / f"{case_id}.{task}.log"

    def predictions_path(self, case_id: str) -> Path:
        """Where what a case's network says of each test image goes: see `read_predictions`."""
        return self.folder / PREDICTIONS / f"{case_id}.npz"

    def samples_path(self, case_id: str) -> Path:
        """Where a case's raw samples go: see `read_series`."""
        return self.folder / SAMPLES / f"{case_id}.jsonl"

    def checkpoint_path(self, case_id: str) -> Path:
        """Where a case's training goes on from, in this run or a later one."""
        return self._checkpoints / f"{case_id}.safetensors"

    def _write(self, path: Path, content: object) -> None:
        text = pretty_json(content).decode()
        with written(path):
            write_atomically(path, redacted(text).encode())


def _is_new(folder: Path) -> bool:
    """Make it, unless somebody has: of two runs that begin at once, one gets the name."""
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a run's folder, where the system can. Raises UsageError where another process does."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with (folder / LOCK).open("a+") as file:
        try:
            # The kernel lets go of it however this process ends: no lock is left to clear away.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise UsageError(
                f"run '{folder.name}' is in use by process {file.read().strip() or '?'}: wait for "
                "it, or begin another run"
            ) from error
        except OSError:  # such as a network's file system without locks
            yield
            return
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@dataclass(frozen=True, slots=True)
class Stored:
    """A record, and the file that it was read from."""

    path: Path
    record: Record

    @property
    def folder(self) -> Path:
        """The run's folder, where the file lies in one."""
        return self.path.parent.parent

    @property
    def samples(self) -> Path:
        """Where its raw samples are, if there are any: see `read_series`."""
        return self.folder / SAMPLES / f"{self.path.stem}.jsonl"

    @property
    def predictions(self) -> Path:
        """Where what its network says of each test image is, if it was kept."""
        return self.folder / PREDICTIONS / f"{self.path.stem}.npz"

    def series(self) -> list[Series]:
        """Its raw samples; empty where there are none."""
        return read_series(self.samples) if self.samples.is_file() else []

    def facts(self) -> dict[str, Any]:
        """What holds for its whole run (docs/reference/records.md); empty where it does not say."""
        facts = read_run(self.folder)
        # Of a merged run, those of the part that the record came from: it has a machine of its own.
        parts = (part for part in facts.get("parts", ()) if self.path.stem in part["cases"])
        return next(parts, facts)

    def environment(self) -> dict[str, Any]:
        """The machine and the software of that run, as far as they are known."""
        found: dict[str, Any] = self.facts().get("environment", {})
        return found


# What a run's file has to say, as far as views rely on it; all else may be anything.


class _Machine(msgspec.Struct, frozen=True):
    host: str | None = None
    cpu: str | None = None
    platform: str | None = None
    commit: str | None = None


class _Facts(msgspec.Struct, frozen=True):
    environment: _Machine = _Machine()


class _Part(_Facts, frozen=True, kw_only=True):
    cases: list[str]


class _Run(_Facts, frozen=True):
    parts: list[_Part] = []


def read_run(folder: Path) -> dict[str, Any]:
    """The facts of a run; empty where there are none. Raises UsageError for another file."""
    path = folder / RUN_FILE
    if not path.is_file():
        return {}
    facts: dict[str, Any] = read_json(path, dict[str, Any], "run")
    with refused(f"'{path}' is not a benchsuite run", *NOT_OURS):
        msgspec.convert(facts, _Run)
    return facts


def read_records(paths: Iterable[Path]) -> Iterator[Record]:
    """The records of `read_stored`."""
    return (stored.record for stored in read_stored(paths))


def read_some(paths: Sequence[Path]) -> list[Stored]:
    """Likewise, and one at least. Raises UsageError as `read_stored`, and where there is none."""
    found = list(read_stored(paths))
    if not found:
        places = ", ".join(f"'{path}'" for path in paths)
        raise UsageError(f"no records in {places}: name a run's folder, or run first")
    return found


def read_stored(paths: Iterable[Path]) -> Iterator[Stored]:
    """Every record at or below the given files and folders, in order, with its path.

    Raises UsageError where a path does not exist or a file is no record of ours.
    """
    for path in paths:
        if not path.exists():
            raise UsageError(f"no results at '{path}': name a run's folder, or run first")
        files = [path] if path.is_file() else _record_files(path)
        yield from (Stored(file, as_it_holds(read_record(file))) for file in files)


def _record_files(folder: Path) -> list[Path]:
    found = folder.rglob(f"{RECORDS}/*.json")
    # Hidden folders are somebody's unfinished work.
    return [f for f in sorted(found) if "/." not in f"/{f.relative_to(folder).as_posix()}"]


def read_record(path: Path) -> Record:
    """One record. Raises UsageError where the file is none, or is newer than this version."""
    content = content_of(path)
    with refused(f"'{path}' is not a benchsuite record", *NOT_OURS):
        # Nearly all are of this version: they are decoded once.
        if record := decode_latest(content):
            return record
        schema = version_of(content)
        if schema > SCHEMA_VERSION:
            raise UsageError(
                f"'{path}' has record schema {schema}; this benchsuite reads up to "
                f"{SCHEMA_VERSION}: upgrade it"
            )
        return decode_record(content, schema)
