"""The plugin that benchsuite itself is: its own architectures, data sets, metrics and formats.

It has no privilege: it is found through the same entry point group as anybody's.
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from benchsuite import architectures
from benchsuite.graph import Architecture
from benchsuite.hooks import Target, hookimpl


@hookimpl
def benchsuite_architectures() -> Mapping[str, Target]:
    """Every architecture in every module of `benchsuite.architectures`."""
    return {
        found.name: Target(f"{module}:{attribute}", found.summary)
        for module in (
            f"{architectures.__name__}.{m.name}" for m in iter_modules(architectures.__path__)
        )
        for attribute, found in vars(import_module(module)).items()
        if isinstance(found, Architecture)
    }


@hookimpl
def benchsuite_datasets() -> Mapping[str, Target]:
    """What needs no download, what is downloaded when first used, and a user's own files."""
    named = "benchsuite.data.sources.published"
    files = "benchsuite.data.sources.own_images"
    return {
        "digits": Target(
            f"{named}:load_digits",
            "1,797 handwritten digits, 8×8×1, ten classes (UCI; ships with scikit-learn)",
            requires=("sklearn",),
            install="pip install scikit-learn",
        ),
        "mnist": Target(
            f"{named}:load_mnist", "70,000 handwritten digits, 28×28×1, ten classes; 11 MB"
        ),
        "fashion_mnist": Target(
            f"{named}:load_fashion_mnist", "70,000 pieces of clothing, 28×28×1, ten classes; 29 MB"
        ),
        "cifar10": Target(f"{named}:load_cifar10", "60,000 images, 32×32×3, ten classes; 163 MB"),
        "cifar100": Target(
            f"{named}:load_cifar100", "60,000 images, 32×32×3, a hundred classes; 161 MB"
        ),
        "svhn": Target(f"{named}:load_svhn", "99,289 house numbers, 32×32×3, ten classes; 236 MB"),
        "imagefolder": Target(
            f"{files}:read_folder",
            "a folder of images for each class, under train/ and test/ or to be split",
            argument="PATH",
        ),
        "parquet": Target(
            "benchsuite.data.sources.parquet:read_parquet",
            "Parquet as on the Hugging Face hub: image{bytes,path} and label",
            requires=("pyarrow",),
            install="pip install pyarrow",
            argument="PATH",
        ),
        "npz": Target(
            f"{files}:read_npz", "x_train, y_train, x_test and y_test in one .npz", argument="PATH"
        ),
    }


@hookimpl
def benchsuite_metrics() -> Mapping[str, Target]:
    """Figures of quality that every run reports."""
    figures = "benchsuite.training.evaluation"
    return {
        "top1_fraction": Target(
            f"{figures}:TOP1", "share of images whose class has the largest logit"
        ),
        "top5_fraction": Target(
            f"{figures}:TOP5", "share of images whose class is among the five largest logits"
        ),
        "loss_nats": Target(f"{figures}:LOSS", "mean cross-entropy from logits"),
    }


@hookimpl
def benchsuite_exporters() -> Mapping[str, Target]:
    """Text for other programs and for people."""
    exchange = "benchsuite.report.exchange"
    return {
        "pytest-benchmark": Target(
            f"{exchange}.pytest_benchmark:export",
            "JSON for `pytest-benchmark compare` and tools of trends",
        ),
        "model-card": Target(
            f"{exchange}.model_card:export", "a model card for the Hugging Face hub"
        ),
        "markdown": Target(f"{exchange}.pull_request:export", "a comment for a pull request"),
    }


@hookimpl
def benchsuite_weight_readers() -> Mapping[str, Target]:
    """Files of weights that need no framework."""
    return {
        ".safetensors": Target(
            "benchsuite.weights.formats:read_safetensors", "safetensors: tensors and nothing else"
        ),
        ".npz": Target("benchsuite.weights.formats:read_npz", "NumPy's archives of arrays"),
    }
