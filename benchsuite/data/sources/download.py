"""Files from their official addresses: checked, resumed where they broke off, and kept."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from benchsuite.errors import UsageError
from benchsuite.privacy import without_credentials
from benchsuite.terminal import console

if TYPE_CHECKING:
    from requests import Response

#: Folder in which downloads are kept.
CACHE_VARIABLE = "BENCHSUITE_CACHE"
#: Address of a folder that is asked for every file instead of the official ones.
MIRROR_VARIABLE = "BENCHSUITE_MIRROR"

#: Seconds to connect, and between two pieces of an answer.
_TIMEOUT_S = (10.0, 30.0)
#: A connection that breaks is taken up again so often.
_ATTEMPTS = 4
_REDIRECTIONS = 5
_CHUNK_BYTES = 1 << 16
_PARTIAL, _OUT_OF_RANGE = 206, 416

#: Of a file whose size nobody published.
_MOST_BYTES = 4 << 30
_OWN_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A published file: `digest` is `sha256:…` or `md5:…`; `size` in bytes, 0 where not known."""

    url: str
    digest: str
    size: int = 0

    @property
    def name(self) -> str:
        """The last part of its address."""
        return self.url.rpartition("/")[2]


def cache_folder() -> Path:
    """Where downloads are kept: `$BENCHSUITE_CACHE`, or the platform's place for caches."""
    import pooch

    return Path(os.environ.get(CACHE_VARIABLE) or pooch.os_cache("benchsuite"))


def fetch(file: RemoteFile, dataset: str) -> Path:
    """On this machine, downloaded if need be. Raises UsageError, saying what to put where."""
    import pooch
    import requests

    folder = cache_folder() / dataset
    mirror = os.environ.get(MIRROR_VARIABLE)
    url = f"{mirror.rstrip('/')}/{dataset}/{file.name}" if mirror else file.url
    try:
        kept = pooch.retrieve(
            without_credentials(url),
            known_hash=file.digest,
            fname=file.name,
            path=folder,
            downloader=_Resuming(
                folder / f"{file.name}.part",
                url,
                file.size or _MOST_BYTES,
                in_the_clear=mirror is not None and urlsplit(url).scheme == "http",
            ),
        )
    except (requests.RequestException, _RefusedError) as error:
        raise UsageError(_advice(file, dataset, url, folder, _cause(error))) from error
    except ValueError as error:  # pooch's own word for another digest
        what = f"what it sent is not {file.digest}"
        raise UsageError(_advice(file, dataset, url, folder, what)) from error
    # Behind the others: errors of requests are OSErrors too.
    except OSError as error:
        raise UsageError(f"data set '{dataset}': '{folder}' cannot be written: {error}") from error
    return Path(kept)


class _RefusedError(Exception):
    """What came, or was about to come, is not taken."""


class _Resuming:
    """A downloader for pooch that keeps what came when a connection breaks.

    part: where the beginning of the file lies until all of it is there.
    address: where it is asked for; what pooch is told has no password in it.
    most: bytes. in_the_clear: whether the user named an address without HTTPS.
    """

    def __init__(self, part: Path, address: str, most: int, *, in_the_clear: bool) -> None:
        self._part = part
        self._address = address
        self._most = most
        self._in_the_clear = in_the_clear

    def __call__(self, url: str, output_file: str, pooch: object) -> None:  # noqa: ARG002 - pooch's signature
        import requests
        from requests.exceptions import ChunkedEncodingError

        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._continue(self._address)
                break
            except _RefusedError:
                self._part.unlink(missing_ok=True)  # it would be refused for ever
                raise
            except (requests.ConnectionError, requests.Timeout, ChunkedEncodingError):
                if attempt == _ATTEMPTS:
                    raise
        self._part.replace(output_file)

    def _continue(self, url: str) -> None:
        have = self._part.stat().st_size if self._part.exists() else 0
        # Unpacked on the way, a few bytes could become any number.
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        with self._answer(url, headers) as answer:
            if have and answer.status_code == _OUT_OF_RANGE:
                return  # all of it was there: the digest will tell
            answer.raise_for_status()
            resumed = answer.status_code == _PARTIAL
            done = have if resumed else 0
            said = answer.headers.get("content-length", "")
            # A number of thousands of digits is a ValueError of `int`.
            total = done + (int(said[:20]) if said.isdecimal() else 0)
            self._require_room(total)
            with (
                self._part.open("ab" if resumed else "wb") as target,
                _progress(url, done, total) as advance,
            ):
                for chunk in answer.iter_content(_CHUNK_BYTES):
                    done += len(chunk)
                    self._require_room(done)
                    target.write(chunk)
                    advance(len(chunk))

    def _answer(self, url: str, headers: dict[str, str]) -> Response:
        """The answer behind all redirections, of which requests would follow any, and read all."""
        import requests

        for _ in range(_REDIRECTIONS):
            self._require_https(url)
            answer = requests.get(
                url, headers=headers, stream=True, timeout=_TIMEOUT_S, allow_redirects=False
            )
            if not answer.is_redirect:
                return answer
            answer.close()
            url = urljoin(url, answer.headers["location"])
        raise _RefusedError("it redirects again and again")

    def _require_https(self, url: str) -> None:
        parts = urlsplit(url)
        if not (parts.scheme == "https" or parts.hostname in _OWN_HOSTS or self._in_the_clear):
            raise _RefusedError(f"{without_credentials(url)} is not HTTPS")

    def _require_room(self, size: int) -> None:
        if size > self._most:
            raise _RefusedError(f"it has more than {self._most:,} bytes")


@contextmanager
def _progress(url: str, done: int, total: int) -> Iterator[Callable[[int], Any]]:
    """A bar on the standard error, where that is a terminal; yields what moves it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console(stderr=True)) as bar:
        task = bar.add_task(url.rpartition("/")[2], total=total or None, completed=done)
        yield lambda size: bar.advance(task, size)


def _cause(error: Exception) -> str:
    """`HTTP 404`, or what the connection said, in one line."""
    if isinstance(error, _RefusedError):
        return str(error)
    answer = getattr(error, "response", None)
    if answer is not None:
        return f"the answer was HTTP {answer.status_code}"
    return without_credentials(" ".join(f"{type(error).__name__}: {error}".split()))


def _advice(file: RemoteFile, dataset: str, url: str, folder: Path, what: str) -> str:
    shown = without_credentials(url)
    return (
        f"data set '{dataset}': {shown} cannot be downloaded: {what}. Put {file.name} "
        f"({file.digest}) into '{folder}', or set {MIRROR_VARIABLE} to an address under which "
        f"{dataset}/{file.name} is"
    )
