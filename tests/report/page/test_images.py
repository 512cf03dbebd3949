import sys

import pytest

from benchsuite.errors import UsageError
from benchsuite.report.page.images import file_name, write_images


def test_file_names_are_plain_and_unique():
    taken = set()
    parts = ("memory", "../../etc", 'a<b> "c"')

    assert file_name(parts, taken) == "memory_etc_a-b-c"
    assert file_name(parts, taken) == "memory_etc_a-b-c-2"
    assert len(file_name(("x" * 500,), taken)) == 150


def test_images_without_kaleido_are_refused(make_source, make_record, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "kaleido", None)

    with pytest.raises(UsageError, match=r"pip install 'benchsuite\[images\]'"):
        write_images(make_source([make_record()]), tmp_path, "png")


def test_images_without_a_browser_are_refused(make_source, make_record, monkeypatch, tmp_path):
    kaleido = pytest.importorskip("kaleido")
    errors = pytest.importorskip("choreographer.errors")

    def fail(*arguments, **named):
        raise errors.ChromeNotFoundError

    monkeypatch.setattr(kaleido, "write_fig_from_object_sync", fail)
    with pytest.raises(UsageError, match="apt-get install chromium"):
        write_images(make_source([make_record()]), tmp_path, "png")


@pytest.mark.browser
@pytest.mark.usefixtures("chromium")
@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<svg")])
def test_every_view_is_a_file(make_source, make_record, tmp_path, kind, start):
    source = make_source([make_record(backend=name) for name in ("a", "b")])

    files = write_images(source, tmp_path / "plots", kind)

    assert {path.name for path in files} >= {
        f"accuracy-latency.{kind}",
        f"memory.{kind}",
        f"one-architecture_lenet5.{kind}",
        f"backend-backend_latency-b-against-a.{kind}",
    }
    assert all(path.read_bytes().startswith(start) for path in files)
