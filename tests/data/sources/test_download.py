"""The downloader against a server of our own: what breaks off, lies, is slow or is not there."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchsuite.data.sources import download
from benchsuite.data.sources.download import RemoteFile, fetch
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


@pytest.fixture
def stranger(monkeypatch):
    """This machine as if it were another's: no host is one's own."""
    monkeypatch.setattr(download, "_OWN_HOSTS", ())


@pytest.mark.usefixtures("stranger")
def test_fetch_refuses_an_address_without_https(server, cache):
    with pytest.raises(UsageError, match=rf"{server.url}/there/digits.gz is not HTTPS"):
        fetch(file_at(server), "toy")
    assert server.requests == []
    assert list((cache / "toy").iterdir()) == []


@pytest.mark.usefixtures("stranger")
def test_fetch_takes_a_mirror_without_https_that_the_user_named(server, monkeypatch):
    monkeypatch.setenv("BENCHSUITE_MIRROR", server.url)
    assert fetch(file_at(server), "toy").read_bytes() == CONTENT


def redirect_to(place):
    def redirect(handler):
        if handler.path == "/elsewhere":
            return False
        handler.send_response(302)
        handler.send_header("Location", place)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    return redirect


def test_fetch_follows_a_redirection(server):
    server.behave = redirect_to("/elsewhere")
    assert fetch(file_at(server), "toy").read_bytes() == CONTENT


def test_fetch_refuses_a_redirection_to_what_is_not_https(server):
    server.behave = redirect_to("http://plain.invalid/digits.gz")
    with pytest.raises(UsageError, match=r"http://plain.invalid/digits.gz is not HTTPS"):
        fetch(file_at(server), "toy")


def test_fetch_follows_no_circle(server):
    server.behave = redirect_to("/there/digits.gz")
    with pytest.raises(UsageError, match="it redirects again and again"):
        fetch(file_at(server), "toy")
    assert len(server.requests) == download._REDIRECTIONS


def test_fetch_takes_a_file_of_exactly_its_size(server):
    file = RemoteFile(f"{server.url}/digits.gz", DIGEST, len(CONTENT))
    assert fetch(file, "toy").read_bytes() == CONTENT


def says_more(handler):
    handler.send(200, b"x", said=len(CONTENT) + 1)
    return True


def sends_more(handler):
    """Without a word on how much it is."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(CONTENT + b"x")
    handler.close_connection = True
    return True


@pytest.mark.parametrize("behave", [says_more, sends_more])
def test_fetch_refuses_a_file_that_is_larger_than_it_should_be(server, cache, behave):
    server.behave = behave
    (cache / "toy").mkdir()
    (cache / "toy" / "digits.gz.part").write_bytes(CONTENT[:10])
    with pytest.raises(UsageError, match="it has more than 1,048,576 bytes"):
        fetch(RemoteFile(f"{server.url}/digits.gz", DIGEST, len(CONTENT)), "toy")
    assert list((cache / "toy").iterdir()) == []


def test_fetch_begins_anew_after_a_part_that_was_another_file(server, cache):
    (cache / "toy").mkdir()
    (cache / "toy" / "digits.gz.part").write_bytes(b"x" * 5000)
    with pytest.raises(UsageError, match="what it sent is not"):
        fetch(file_at(server), "toy")
    assert fetch(file_at(server), "toy").read_bytes() == CONTENT


def test_fetch_has_nothing_unpacked_on_the_way(server):
    def packed(handler):
        assert handler.headers["Accept-Encoding"] == "identity"
        return False

    server.behave = packed
    assert fetch(file_at(server), "toy").read_bytes() == CONTENT


def test_fetch_says_no_password(server, monkeypatch, capfd, caplog):
    address = server.url.replace("//", "//alice:secret@")
    monkeypatch.setenv("BENCHSUITE_MIRROR", address)
    server.behave = lambda handler: handler.send(404, b"") or True
    with pytest.raises(UsageError) as caught:
        fetch(file_at(server), "toy")
    assert f"{server.url}/toy/digits.gz cannot be downloaded" in str(caught.value)
    assert "secret" not in "".join([str(caught.value), *capfd.readouterr(), caplog.text])
