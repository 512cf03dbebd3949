"""A store of MLflow's own in a temporary folder, and no network.

pytest reads this file also where MLflow is not installed, so only a fixture imports it.
"""

import os
import socket
from pathlib import Path

# Read when MLflow is imported: it would tell its makers of its use.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

import pytest
from msgspec.structs import replace

from benchsuite.records import RunStore, Stored, read_record

KEPT = Path(__file__).parents[3] / "tests" / "records" / "version3.json"


@pytest.fixture(autouse=True)
def connections(monkeypatch):
    """Every attempt to reach another machine, all of which fail."""
    attempts = []

    def refuse(self, address):
        attempts.append(address)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return attempts


@pytest.fixture
def uri(tmp_path, monkeypatch):
    """A tracking URI; artifacts go to the current folder."""
    monkeypatch.chdir(tmp_path)
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.fixture
def client(uri):
    from mlflow import MlflowClient

    return MlflowClient(uri)


@pytest.fixture
def stored(tmp_path):
    """A function that stores the kept record with some fields changed."""

    def store(seed=0, **fields):
        record = read_record(KEPT)
        changed = replace(record, case=replace(record.case, seed=seed), **fields)
        return Stored(RunStore(tmp_path / "results", changed.run).write(changed), changed)

    return store
