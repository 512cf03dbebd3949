import errno
import os

import pytest


@pytest.fixture
def full_disk(monkeypatch):
    """A function from whose call on no file reaches the disk."""

    def fail(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    return lambda: monkeypatch.setattr(os, "fsync", fail)
