"""The downloader against a server of our own: what breaks off, lies, is slow or is not there."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchsuite.data import download
from benchsuite.data.download import RemoteFile, fetch
from benchsuite.errors import UsageError

CONTENT = bytes(range(256)) * 4096  # 1 MiB
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


class Server(ThreadingHTTPServer):
    """Serves CONTENT under any name; `behave` may do something else first."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        self.behave = lambda handler: False
        self.ranges = True

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        asked = self.headers.get("Range")
        self.server.requests.append((self.path, asked))
        self.start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if not self.server.behave(self):
            start = self.start if self.server.ranges else 0
            self.send(206 if start else 200, CONTENT[start:])

    def send(self, status, body, said=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if said is None else said))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True


@pytest.fixture
def server():
    running = Server()
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCHSUITE_CACHE", str(tmp_path))
    monkeypatch.delenv("BENCHSUITE_MIRROR", raising=False)
    return tmp_path


def file_at(server, digest=DIGEST):
    return RemoteFile(f"{server.url}/there/digits.gz", digest)


def test_fetch_downloads_once_and_keeps_the_file(server, cache):
    first, again = (fetch(file_at(server), "toy") for _ in range(2))
    assert first == again == cache / "toy" / "digits.gz"
    assert first.read_bytes() == CONTENT
    assert server.requests == [("/there/digits.gz", None)]


def test_fetch_goes_on_where_a_connection_broke(server):
    def break_off_twice(handler):
        if len(server.requests) > 2:
            return False
        rest = CONTENT[handler.start :]
        handler.send(206 if handler.start else 200, rest[:100_000], len(rest))
        return True

    server.behave = break_off_twice
    assert fetch(file_at(server), "toy").read_bytes() == CONTENT
    asked = [asked for _, asked in server.requests]
    assert asked == [None, "bytes=65536-", "bytes=131072-"]  # whole pieces are kept


def test_fetch_goes_on_after_an_earlier_process(server, cache):
    (cache / "toy").mkdir()
    (cache / "toy" / "digits.gz.part").write_bytes(CONTENT[:5000])
    assert fetch(file_at(server), "toy").read_bytes() == CONTENT
    assert server.requests == [("/there/digits.gz", "bytes=5000-")]
    assert [path.name for path in (cache / "toy").iterdir()] == ["digits.gz"]


def test_fetch_begins_anew_where_the_server_knows_no_ranges(server, cache):
    server.ranges = False
    (cache / "toy").mkdir()
    (cache / "toy" / "digits.gz.part").write_bytes(b"x" * 5000)
    assert fetch(file_at(server), "toy").read_bytes() == CONTENT


def test_fetch_refuses_another_file_and_keeps_nothing_of_it(server, cache):
    other = f"sha256:{hashlib.sha256(b'other').hexdigest()}"
    with pytest.raises(UsageError, match=rf"'toy': {server.url}\S+ cannot .* is not {other}"):
        fetch(file_at(server, other), "toy")
    assert list((cache / "toy").iterdir()) == []


def test_fetch_of_what_is_not_there_says_what_to_put_where(server, cache):
    def lost(handler):
        handler.send(404, b"")
        return True

    server.behave = lost
    with pytest.raises(UsageError) as caught:
        fetch(file_at(server), "toy")
    said = str(caught.value)
    assert "the answer was HTTP 404" in said
    assert f"Put digits.gz ({DIGEST}) into '{cache / 'toy'}'" in said
    assert "BENCHSUITE_MIRROR" in said
    assert len(server.requests) == 1


def test_fetch_gives_up_on_a_server_that_is_silent(server, monkeypatch):
    woken = threading.Event()
    monkeypatch.setattr(download, "_TIMEOUT_S", (1.0, 0.2))
    server.behave = lambda _: woken.wait(20)
    with pytest.raises(UsageError, match=r"[Tt]imed? ?out"):
        fetch(file_at(server), "toy")
    woken.set()
    assert len(server.requests) == download._ATTEMPTS


def test_fetch_asks_the_mirror_instead(server, monkeypatch):
    monkeypatch.setenv("BENCHSUITE_MIRROR", f"{server.url}/mirror/")
    fetch(RemoteFile("http://nowhere.invalid/digits.gz", DIGEST), "toy")
    assert server.requests == [("/mirror/toy/digits.gz", None)]


def test_fetch_says_that_the_cache_cannot_be_written(server, cache, monkeypatch):
    (cache / "file").write_text("in the way")
    monkeypatch.setenv("BENCHSUITE_CACHE", str(cache / "file"))
    with pytest.raises(UsageError, match="cannot be written"):
        fetch(file_at(server), "toy")
