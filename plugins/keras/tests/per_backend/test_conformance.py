import os

from benchsuite.testing import BackendConformance


class TestKeras(BackendConformance):
    backend = f"keras-{os.environ['KERAS_BACKEND']}"
