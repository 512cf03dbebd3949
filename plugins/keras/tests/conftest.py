"""A process holds one Keras backend, so `per_backend/` runs once in a process for each.

Without KERAS_BACKEND, `test_each_framework.py` starts those processes. With it, `per_backend/`
is collected right here: `KERAS_BACKEND=jax pytest plugins/keras -k batch_norm`.
"""

import os

import pytest

collect_ignore = ["test_each_framework.py" if "KERAS_BACKEND" in os.environ else "per_backend"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with the tests that run `per_backend/`: pytest-xdist's other worker does the rest."""
    items.sort(key=lambda item: item.path.name != "test_each_framework.py")
