"""Every kind of file that a stranger may hand over: a sound example of each, and what reads it.

An example is changed before `pack` closes it again: compresses it, or puts its checksums right.
A reader yields a result, or raises BenchsuiteError.
"""

import gzip
import io
import json
import os
import pickle
import shutil
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image
from pyarrow import parquet
from safetensors.numpy import save
from scipy.io import savemat

from benchsuite.data.sources.archives import read_cifar, read_idx, read_svhn
from benchsuite.data.sources.download import CACHE_VARIABLE
from benchsuite.data.sources.own_images import read_folder, read_npz
from benchsuite.data.sources.parquet import read_parquet
from benchsuite.graph import Builder
from benchsuite.hooks import load_plugins
from benchsuite.measure.machine.diagnosis import read_diagnosis
from benchsuite.planning.spec import make_spec
from benchsuite.records import Stored, read_record
from benchsuite.records.certificate import certificates_beside
from benchsuite.records.predictions import read_predictions
from benchsuite.records.series import read_series
from benchsuite.report.columns.columns import COLUMNS
from benchsuite.report.comparison.judge import judge
from benchsuite.report.comparison.metrics import DEFAULT, metrics_named
from benchsuite.report.comparison.pairing import pair_sides, pair_within
from benchsuite.report.comparison.rows import read_side
from benchsuite.report.exchange import model_card, pull_request, pytest_benchmark
from benchsuite.report.fairness.equality import with_equality
from benchsuite.report.leaderboard.formats import FORMATS as VIEWS
from benchsuite.report.leaderboard.rows import columns_of
from benchsuite.report.leaderboard.view import view_of
from benchsuite.report.page import page
from benchsuite.report.page.cases import case_pages
from benchsuite.report.page.source import read_source, sampled_figures
from benchsuite.training.recipes import make_recipe
from benchsuite.weights import read_weights

RECORDS = Path(__file__).parent.parent / "records"


@dataclass(frozen=True)
class Format:
    """One kind of file; `name` is also that of the file, less what comes before a `-`."""

    name: str
    example: Callable[[], bytes]
    read: Callable[[Path], object]
    pack: Callable[[bytes], bytes] = bytes

    @property
    def file(self) -> str:
        """What a file of this kind is called."""
        return self.name.rpartition("-")[2]


PIXELS = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
NOISE = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)


def _idx():
    return struct.pack(">HBBIII", 0, 8, 3, *PIXELS.shape) + PIXELS.tobytes()


MEMBERS, NAMES = ("a/batch",), ("a/meta", b"names")


def _pickled():
    pixels = np.zeros((2, 3072), np.uint8)
    return pickle.dumps({b"data": pixels, b"labels": [3, 1], b"filenames": [b"a", b"b"]}, 3)


def _tar(batch):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        meta = pickle.dumps({b"names": [b"cat", b"dog"]}, 3)
        for name, content in (("a/batch", batch), ("a/meta", meta)):
            about = tarfile.TarInfo(name)
            about.size = len(content)
            tar.addfile(about, io.BytesIO(content))
    return file.getvalue()


def _mat(**options):
    file = io.BytesIO()
    savemat(
        file, {"X": np.zeros((32, 32, 3, 2), np.uint8), "y": np.ones((2, 1), np.uint8)}, **options
    )
    return file.getvalue()


def _npy():
    file = io.BytesIO()
    np.save(file, PIXELS)
    return file.getvalue()


def _zip(x_train):
    file = io.BytesIO()
    labels = io.BytesIO()
    np.save(labels, np.arange(2))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", x_train)
        archive.writestr("y_train.npy", labels.getvalue())
    return file.getvalue()


def _image(form):
    def example():
        file = io.BytesIO()
        Image.fromarray(NOISE).save(file, form)
        return file.getvalue()

    return example


def _png(content):
    """Its chunks' checksums put right."""
    whole, place = bytearray(content), 8
    while place + 12 <= len(whole):
        (size,) = struct.unpack(">I", whole[place : place + 4])
        end = place + 8 + size
        if end + 4 > len(whole):
            break
        whole[end : end + 4] = struct.pack(">I", zlib.crc32(whole[place + 4 : end]))
        place = end + 4
    return bytes(whole)


def _parquet():
    file = io.BytesIO()
    images = [{"bytes": _image("PNG")(), "path": f"{n}.png"} for n in range(3)]
    facts = json.dumps({"info": {"features": {"label": {"names": ["cat", "dog"]}}}})
    table = pa.table({"image": images, "label": [0, 1, 0]})
    parquet.write_table(table.replace_schema_metadata({"huggingface": facts}), file)
    return file.getvalue()


def _without_cache(read):
    """Reads with an empty cache: what was kept of the last file is of no use."""

    def reading(path):
        cache = path.parent / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        os.environ[CACHE_VARIABLE] = str(cache)
        return read(path)

    return reading


def _read_image(path):
    """As one of two of a folder."""
    folder = path.parent / "folder" / "cat"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, folder / f"x.{path.name}")
    Image.fromarray(NOISE).save(folder / "y.png")
    return read_folder(str(folder.parent))


def _graph():
    net = Builder()
    net.dense(net.global_avg_pool(net.input((6, 6, 2))), 4, name="fc")
    return net.graph("small")


GRAPH = _graph()
WEIGHTS = {"fc.weight": np.ones((4, 2), np.float32), "fc.bias": np.zeros(4, np.float32)}
READERS = load_plugins().weight_readers


def _weights_npz():
    file = io.BytesIO()
    np.savez(file, **WEIGHTS)
    return file.getvalue()


def _weights_pt():
    import torch

    file = io.BytesIO()
    torch.save({"state_dict": {n: torch.from_numpy(w) for n, w in WEIGHTS.items()}}, file)
    return file.getvalue()


def _read_weights(path):
    return read_weights(path, GRAPH, READERS)


SERIES = (
    b'{"metric":"latency","batch_size":1,"images":1,"calls":2,"samples":[5,6,7],"warmups":[9],'
    b'"reading":{"seconds":1.0,"cores_used":1.5,"threads":2,"cpus":[0,1]},"round":1}\n'
)


def _record():
    return (RECORDS / "version3.json").read_bytes()


def _predictions():
    file = io.BytesIO()
    each = np.arange(3)
    np.savez(file, positions=each, labels=each, predicted=each, losses=each / 2)
    return file.getvalue()


def _certificate():
    return json.dumps(
        {
            "benchsuite_version": "0.1.0",
            "architecture": "lenet5",
            "fingerprint": "f",
            "inputs": ["28×28×1 → 10"],
            "backend": "torch",
            "versions": {"torch": "2.13.0"},
            "device": "cpu",
            "device_name": "CPU",
            "precision": "fp64",
            "verdict": "within tolerance",
            "checks": [
                {"quantity": "logits", "tensors": 1, "error": 1e-9, "tolerance": 1e-6, "worst": "x"}
            ],
            "created": "2026-01-02T03:04:05+00:00",
            "seconds": 1.0,
        }
    ).encode()


def _run():
    machine = {"host": "h", "cpu": "c", "commit": "abc-dirty", "packages": {"numpy": "2.4"}}
    part = {"run": "one", "environment": machine, "cases": ["version3"]}
    return json.dumps({"run": "both", "environment": machine, "parts": [part]}).encode()


def _beside(place):
    """Puts a file into a run's folder, which is then read by everything that reads one."""

    def reading(path):
        folder = path.parent / "results" / "runs" / "first"
        shutil.rmtree(path.parent / "results", ignore_errors=True)
        for name in ("records", "samples", "predictions"):
            (folder / name).mkdir(parents=True)
        for name, content in (
            ("records/version3.json", _record),
            ("predictions/version3.npz", _predictions),
            ("samples/version3.jsonl", lambda: SERIES),
            ("run.json", _run),
            ("../../certificates/lenet5/torch.cpu.fp64.json", _certificate),
        ):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content())
        shutil.copy(path, folder / place)
        return _views(folder)

    return reading


def _views(folder):
    """All that is ever made of a run."""
    source = read_source([folder])
    records = source.records
    for write in VIEWS.values():
        write(records, view_of(columns_of(records)), wide=True)
    for exporter in (model_card, pull_request, pytest_benchmark):
        exporter.export([Stored(e.path, e.record) for e in _stored(folder)])
    judge(pair_within(read_side(folder), "backend", None).pairs, COLUMNS)
    judge(pair_sides(read_side(folder), read_side(folder)).pairs, metrics_named(DEFAULT))
    return page.script_json([case_pages(source), page._overview(source)]), page._facts(source)


def _stored(folder):
    from benchsuite.records import read_stored

    return list(read_stored([folder]))


def _csv():
    from benchsuite.report.leaderboard.rows import csv_text

    return csv_text([read_record(RECORDS / "version3.json")]).encode()


def _compare(path):
    return judge(pair_sides(read_side(path), read_side(path)).pairs, metrics_named(DEFAULT))


def _equality(path):
    folder = path.parent / "results" / "certificates" / "lenet5"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, folder / path.name)
    records = [read_record(RECORDS / "version3.json")]
    return with_equality(records, certificates_beside([path.parent / "results"]))


def _diagnosis(path):
    return read_diagnosis(path.parent, "host")


CONFIG = b"""archs = ["resnet*", "lenet5"]
seeds = [0, 1]
epochs = 3
budget = "90s"
target_accuracy = 0.9
input = [32, 32, 3]
dataset = "digits"

[set]
lr = 0.01
augmentation = ["flip"]
"""
RECIPE = b"""optimizer = "sgd"
lr = 1e-2
milestones = [1, 2]
schedule = "multi_step"
nesterov = true
label_smoothing = 0.1
"""

FORMATS = [
    Format("idx", _idx, read_idx),
    Format("packed-idx.gz", _idx, read_idx, gzip.compress),
    Format("raw-idx.gz", lambda: gzip.compress(_idx()), read_idx),
    Format(
        "pickle-cifar.tar.gz",
        _pickled,
        lambda path: read_cifar(path, MEMBERS, b"labels", NAMES),
        lambda batch: gzip.compress(_tar(batch)),
    ),
    Format(
        "tar-cifar.tar.gz",
        lambda: _tar(_pickled()),
        lambda path: read_cifar(path, MEMBERS, b"labels", NAMES),
        gzip.compress,
    ),
    Format("plain-svhn.mat", _mat, read_svhn),
    Format("packed-svhn.mat", lambda: _mat(do_compression=True), read_svhn),
    Format("array-set.npz", _npy, lambda path: read_npz(str(path)), _zip),
    Format("zip-set.npz", lambda: _zip(_npy()), lambda path: read_npz(str(path))),
    Format("set.parquet", _parquet, _without_cache(lambda path: read_parquet(str(path)))),
    Format("image.png", _image("PNG"), _without_cache(_read_image), _png),
    *(
        Format(f"image.{form.lower()}", _image(form), _without_cache(_read_image))
        for form in ("JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
    ),
    Format("weights.safetensors", lambda: save(WEIGHTS), _read_weights),
    Format("weights.npz", _weights_npz, _read_weights),
    *([Format("weights.pt", _weights_pt, _read_weights)] if find_spec("torch") else []),
    Format("record.json", _record, _beside("records/version3.json")),
    *(
        Format(f"v{n}-record.json", (RECORDS / f"version{n}.json").read_bytes, read_record)
        for n in (1, 2)
    ),
    Format("run.json", _run, _beside("run.json")),
    Format("samples.jsonl", lambda: 3 * SERIES, lambda path: sampled_figures(read_series(path), 9)),
    Format("beside-samples.jsonl", lambda: SERIES, _beside("samples/version3.jsonl")),
    Format("predictions.npz", _predictions, read_predictions),
    Format("certificate.json", _certificate, _equality),
    Format("doctor.json", lambda: b'{"host":"host","score":3,"complaints":[]}', _diagnosis),
    Format("leaderboard.csv", _csv, _compare),
    Format("config.toml", lambda: CONFIG, lambda path: make_spec({}, path)),
    Format("recipe.toml", lambda: RECIPE, lambda path: make_recipe(str(path), {})),
]
BY_NAME = {form.name: form for form in FORMATS}
