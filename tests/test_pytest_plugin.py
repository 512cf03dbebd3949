import pytest

from benchsuite import api
from benchsuite.hooks import load_plugins

pytest_plugins = ["pytester"]

TEST = """
import benchsuite

def test_speed(benchmark_session):
    session = benchsuite.load("softmax_regression", backend="numpy-linear", input_shape=(8, 8, 1))
    benchmark_session(session, {arguments})
"""


@pytest.mark.parametrize("kind", ["inference", "training"])
def test_session_is_timed_in_three_lines(pytester, example_plugin, monkeypatch, kind):
    monkeypatch.setattr(api, "load_plugins", lambda: load_plugins([example_plugin]))
    # pytest-benchmark measures nothing in a worker of pytest-xdist; the inner pytest is none.
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makepyfile(TEST.format(arguments=f"batch_size=4, kind='{kind}'"))

    result = pytester.runpytest_inprocess("--benchmark-only", "--benchmark-json=found.json")

    result.assert_outcomes(passed=1)
    found = pytester.path.joinpath("found.json").read_text()
    assert f'"kind": "{kind}"' in found
    assert '"images_per_s"' in found


def test_other_kinds_are_refused(pytester, example_plugin, monkeypatch):
    monkeypatch.setattr(api, "load_plugins", lambda: load_plugins([example_plugin]))
    pytester.makepyfile(TEST.format(arguments="kind='guess'"))

    result = pytester.runpytest_inprocess()

    result.assert_outcomes(failed=1, errors=1)  # the error: nothing was timed
    result.stdout.fnmatch_lines(["*ValueError: kind 'guess' is none of inference, training*"])
