"""An example plugin: one architecture, one data set, one metric and one tiny backend."""

from collections.abc import Mapping

from benchsuite import Target, hookimpl


@hookimpl
def benchsuite_architectures() -> Mapping[str, Target]:
    """One linear layer."""
    return {
        "softmax_regression": Target(
            "benchsuite_example.zoo:softmax_regression", "One dense layer on the pixels."
        )
    }


@hookimpl
def benchsuite_datasets() -> Mapping[str, Target]:
    """Images made on the spot."""
    return {
        "stripes": Target("benchsuite_example.zoo:make_stripes", "Horizontal or vertical stripes")
    }


@hookimpl
def benchsuite_metrics() -> Mapping[str, Target]:
    """One further column of the leaderboard."""
    return {
        "balanced_accuracy_fraction": Target(
            "benchsuite_example.zoo:BALANCED_ACCURACY", "mean over classes of the share found"
        )
    }


@hookimpl
def benchsuite_backends() -> Mapping[str, Target]:
    """A backend that is its own framework."""
    return {
        "numpy-linear": Target(
            "benchsuite_example.backend:LinearBackend", "NumPy, linear networks only"
        )
    }
