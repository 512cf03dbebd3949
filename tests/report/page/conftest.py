import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from benchsuite.records import RunStore
from benchsuite.records.certificate import Certificate, Check, write_certificate
from benchsuite.records.series import Reading, Series, append_series
from benchsuite.report.page.source import read_source

INSTALLER = Path(__file__).parents[2] / "install_chromium.sh"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)


@pytest.fixture(scope="session")
def chromium():
    """The path of Chromium, which is installed where it is not there."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        done = subprocess.run([INSTALLER], capture_output=True, text=True, check=False)
        found = shutil.which("chromium")
        if found is None:
            pytest.fail(
                "the tests of the report page need Chromium; as root, apt-get install chromium, "
                f"or leave them out with -m 'not browser'\n{done.stdout}{done.stderr}"
            )
    return found


@pytest.fixture(scope="module")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        yield started
        started.close()


@pytest.fixture
def visit(browser):
    """A function that opens a page; whatever it does wrong by then fails the test."""
    wrong, contexts = [], []

    def open_page(address, *, width=1280, scheme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.route("**", lambda route: _local(route, wrong))
        page.on("console", lambda m: m.type in ("error", "warning") and wrong.append(m.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.goto(address)
        page.wait_for_selector("#leaderboard-table tbody tr", state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def _local(route, wrong):
    if route.request.url.startswith(("file:", "data:", "blob:")):
        route.continue_()
    else:
        wrong.append(f"request of {route.request.url}")
        route.abort()


@pytest.fixture
def make_series():
    """A function that builds what one process sampled."""

    def make(metric="latency", samples=(1_000_000, 2_000_000), batch_size=1, **fields):
        return Series(
            metric=metric,
            batch_size=batch_size,
            images=batch_size,
            samples=tuple(samples),
            reading=Reading(seconds=1.0, cores_used=1.5),
            **fields,
        )

    return make


@pytest.fixture
def make_certificate():
    """A function that builds a certificate of lenet5 on torch."""

    def make(**fields):
        known = {
            "benchsuite_version": "0.1.0",
            "architecture": "lenet5",
            "fingerprint": "f" * 64,
            "inputs": ("28×28×1 → 10",),
            "backend": "torch",
            "versions": {"torch": "2.13.0"},
            "device": "cpu",
            "device_name": "",
            "precision": "fp64",
            "verdict": "exact",
            "created": "2026-01-02T03:04:05+00:00",
            "seconds": 1.0,
            "checks": (
                Check(quantity="logits", tensors=1, error=3e-14, tolerance=1e-10, worst="x"),
            ),
        }
        return Certificate(**{**known, **fields})

    return make


@pytest.fixture
def store(tmp_path):
    """A function that writes records, what each sampled, and certificates; gives the folder."""

    def write(records, sampled=(), certificates=(), facts=None):
        results = tmp_path / "results"
        for record in records:
            run = RunStore(results, record.run)
            run.write(record)
            if sampled:
                append_series(run.samples_path(record.case.id), sampled)
            run.write_run(facts or {"run": record.run, "environment": {"cpu": "Test CPU"}})
        for certificate in certificates:
            write_certificate(results, certificate)
        return results

    return write


@pytest.fixture
def make_source(store):
    """A function that gives the source of a page of such records."""
    return lambda records, *more, **named: read_source([store(records, *more, **named)])


@pytest.fixture
def decode():
    """What the page's script reads: a value that was encoded for it."""
    return lambda value: msgspec.json.decode(msgspec.json.encode(value))
