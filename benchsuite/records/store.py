"""The store: one folder a run, one JSON file a record, written atomically."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import msgspec

from benchsuite.errors import UsageError
from benchsuite.records.schema import SCHEMA_VERSION, Record
from benchsuite.records.versions import decode_latest, decode_record, version_of

RECORDS = "records"
LOGS = "logs"
PREDICTIONS = "predictions"
SAMPLES = "samples"
CHECKPOINTS = "checkpoints"
RUN_FILE = "run.json"


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` as a whole: a reader sees the old content or the new, never a part."""
    file = NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115 - closed below, before it is renamed
    temporary = Path(file.name)
    try:
        with file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


class RunStore:
    """Writes one run. Raises UsageError where its folder cannot be written."""

    def __init__(self, results: Path, run: str) -> None:
        self.run = run
        self.folder = results / "runs" / run
        self._checkpoints = results / CHECKPOINTS
        try:
            for folder in (self.folder / name for name in (RECORDS, LOGS, PREDICTIONS, SAMPLES)):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"results folder '{results}' cannot be written ({error.strerror}): "
                "choose another with --results"
            ) from error

    def write_run(self, facts: dict[str, Any]) -> None:
        """Store what holds for the whole run: its specification and environment."""
        write_atomically(self.folder / RUN_FILE, _pretty(facts))

    def write(self, record: Record) -> Path:
        """Store one record."""
        path = self.folder / RECORDS / f"{record.case.id}.json"
        write_atomically(path, _pretty(record))
        return path

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


def read_records(paths: Iterable[Path]) -> Iterator[Record]:
    """Every record at or below the given files and folders, in order of path.

    Raises UsageError where a path does not exist or a file is no record of ours.
    """
    return (read_record(file) for file in record_files(paths))


def record_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Where those records are, in that order. Raises UsageError where a path does not exist."""
    for path in paths:
        if not path.exists():
            raise UsageError(f"no results at '{path}': name a run's folder, or run first")
        yield from [path] if path.is_file() else sorted(path.rglob(f"{RECORDS}/*.json"))


def predictions_beside(record_file: Path) -> Path:
    """Where the predictions of a stored record are, if there are any."""
    return record_file.parent.parent / PREDICTIONS / f"{record_file.stem}.npz"


def read_record(path: Path) -> Record:
    """One record. Raises UsageError where the file is none, or is newer than this version."""
    try:
        content = path.read_bytes()
        if record := decode_latest(content):
            return record
        schema = version_of(content)
        if schema > SCHEMA_VERSION:
            raise UsageError(
                f"'{path}' has record schema {schema}; this benchsuite reads up to "
                f"{SCHEMA_VERSION}: upgrade it"
            )
        return decode_record(content, schema)
    except OSError as error:
        raise UsageError(f"'{path}' cannot be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise UsageError(f"'{path}' is not a benchsuite record: {error}") from error


def _pretty(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"
