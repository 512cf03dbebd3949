"""Files from their official addresses: checked, resumed where they broke off, and kept."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchsuite.errors import UsageError

#: Folder in which downloads are kept.
CACHE_VARIABLE = "BENCHSUITE_CACHE"
#: Address of a folder that is asked for every file instead of the official ones.
MIRROR_VARIABLE = "BENCHSUITE_MIRROR"

#: Seconds to connect, and between two pieces of an answer.
_TIMEOUT_S = (10.0, 30.0)
#: A connection that breaks is taken up again so often.
_ATTEMPTS = 4
_CHUNK_BYTES = 1 << 16
_PARTIAL, _OUT_OF_RANGE = 206, 416


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A published file. `digest` is `md5:…` or `sha256:…`, as its publisher has it."""

    url: str
    digest: str

    @property
    def name(self) -> str:
        """The last part of its address."""
        return self.url.rpartition("/")[2]


def cache_folder() -> Path:
    """Where downloads are kept: `$BENCHSUITE_CACHE`, or the platform's place for caches."""
    import pooch

    return Path(os.environ.get(CACHE_VARIABLE) or pooch.os_cache("benchsuite"))


def fetch(file: RemoteFile, dataset: str) -> Path:
    """The file on this machine, downloaded where it is not there yet.

    Raises UsageError, saying what to put where, when it cannot be had or is another.
    """
    import pooch
    import requests

    folder = cache_folder() / dataset
    mirror = os.environ.get(MIRROR_VARIABLE)
    url = f"{mirror.rstrip('/')}/{dataset}/{file.name}" if mirror else file.url
    try:
        kept = pooch.retrieve(
            url,
            known_hash=file.digest,
            fname=file.name,
            path=folder,
            downloader=_Resuming(folder / f"{file.name}.part"),
        )
    except requests.RequestException as error:
        raise UsageError(_advice(file, dataset, url, folder, _cause(error))) from error
    except ValueError as error:  # pooch's own word for another digest
        what = f"what it sent is not {file.digest}"
        raise UsageError(_advice(file, dataset, url, folder, what)) from error
    except OSError as error:
        raise UsageError(f"data set '{dataset}': '{folder}' cannot be written: {error}") from error
    return Path(kept)


class _Resuming:
    """A downloader for pooch that keeps what came when a connection breaks.

    part: where the beginning of the file lies until all of it is there.
    """

    def __init__(self, part: Path) -> None:
        self._part = part

    def __call__(self, url: str, output_file: str, pooch: object) -> None:  # noqa: ARG002 - pooch's signature
        import requests
        from requests.exceptions import ChunkedEncodingError

        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._continue(url)
                break
            except (requests.ConnectionError, requests.Timeout, ChunkedEncodingError):
                if attempt == _ATTEMPTS:
                    raise
        self._part.replace(output_file)

    def _continue(self, url: str) -> None:
        import requests

        have = self._part.stat().st_size if self._part.exists() else 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_S) as answer:
            if have and answer.status_code == _OUT_OF_RANGE:
                return  # all of it was there: the digest will tell
            answer.raise_for_status()
            resumed = answer.status_code == _PARTIAL
            done = have if resumed else 0
            total = done + int(answer.headers.get("content-length", 0))
            with (
                self._part.open("ab" if resumed else "wb") as target,
                _progress(url, done, total) as advance,
            ):
                for chunk in answer.iter_content(_CHUNK_BYTES):
                    target.write(chunk)
                    advance(len(chunk))


@contextmanager
def _progress(url: str, done: int, total: int) -> Iterator[Callable[[int], Any]]:
    """A bar on the standard error, where that is a terminal; yields what moves it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(url.rpartition("/")[2], total=total or None, completed=done)
        yield lambda size: bar.advance(task, size)


def _cause(error: Exception) -> str:
    """`HTTP 404`, or what the connection said, in one line."""
    answer = getattr(error, "response", None)
    if answer is not None:
        return f"the answer was HTTP {answer.status_code}"
    return " ".join(f"{type(error).__name__}: {error}".split())


def _advice(file: RemoteFile, dataset: str, url: str, folder: Path, what: str) -> str:
    return (
        f"data set '{dataset}': {url} cannot be downloaded: {what}. Put {file.name} "
        f"({file.digest}) into '{folder}', or set {MIRROR_VARIABLE} to an address under which "
        f"{dataset}/{file.name} is"
    )
