"""Rooflines, against sums by hand."""

import pytest
from msgspec.structs import replace

from benchsuite.measure.roofline import rooflines
from benchsuite.metrics.declared import SWEEP
from benchsuite.records import Ceiling, Measurement

#: Of a network of 10 + 2 weights, whose activations move 30 elements an image, 50 in training.
COUNTS = {
    "parameters": 10,
    "buffers": 2,
    "macs": 1000,
    "moved_elements": 30,
    "training_moved_elements": 50,
    "training_macs": 2900,
}


def _ceiling(backend="numpy", flops_per_s=1e9, bytes_per_s=1e8, **changes):
    fields = {"device": "cpu", "device_name": "Test CPU", "precision": "fp32", "threads": 2}
    return Ceiling(
        **{**fields, **changes},
        backend=backend,
        flops_per_s=flops_per_s,
        size=256,
        bytes_per_s=bytes_per_s,
        elements=100,
        products=(),
        copies=(),
    )


@pytest.fixture
def found(make_record):
    """Rooflines of a network at 64 images in inference and 16 in training, by metric."""

    def look(*ceilings, counts=COUNTS, **case):
        record = make_record(**case)
        size = replace(record.findings.size, **counts)
        findings = replace(record.findings, size=size)
        return {r.metric: r for r in rooflines(record.case, findings, ceilings)}

    return look


def test_achieved_is_two_macs_an_image_whether_or_not_anybody_looked(found):
    lines = found()

    assert set(lines) == {"inference_throughput", "training_throughput"}
    inference, training = lines["inference_throughput"], lines["training_throughput"]
    assert (inference.batch_size, training.batch_size) == (64, 16)
    assert inference.achieved_flops_per_s == 2 * 1000 * 1000.0
    assert training.achieved_flops_per_s == 2 * 2900 * 400.0
    for line in lines.values():
        assert line.ceiling_flops_per_s is line.attainable_flops_per_s is None
        assert line.share_of_ceiling is line.bytes_per_s is None


def test_intensity_is_flops_over_the_bytes_of_a_batch(found):
    lines = found()

    inference, training = lines["inference_throughput"], lines["training_throughput"]
    assert inference.intensity_flops_per_byte == 2 * 1000 * 64 / (4 * (12 + 64 * 30))
    weights = 12 + 12 + 10  # there, back, and written
    assert training.intensity_flops_per_byte == 2 * 2900 * 16 / (4 * (weights + 16 * 50))


def test_half_precision_moves_half_the_bytes(found):
    single, half = (
        found(precision=precision)["inference_throughput"] for precision in ("fp32", "bf16")
    )

    assert half.intensity_flops_per_byte == 2 * single.intensity_flops_per_byte


def test_the_roof_is_the_best_of_all_backends(found):
    fast, wide = _ceiling("torch", 4e9, 1e8), _ceiling("keras-jax", 1e9, 3e8)

    line = found(fast, wide)["inference_throughput"]

    assert (line.ceiling_backend, line.ceiling_flops_per_s) == ("torch", 4e9)
    assert (line.bytes_backend, line.bytes_per_s) == ("keras-jax", 3e8)
    assert line.share_of_ceiling == 2e6 / 4e9


def test_attainable_is_the_lesser_of_product_and_memory(found):
    by_memory = found(_ceiling(flops_per_s=1e15, bytes_per_s=1e6))["inference_throughput"]
    by_product = found(_ceiling(flops_per_s=1e6, bytes_per_s=1e15))["inference_throughput"]

    intensity = by_memory.intensity_flops_per_byte
    assert by_memory.attainable_flops_per_s == intensity * 1e6
    assert by_product.attainable_flops_per_s == 1e6


@pytest.mark.parametrize(
    "other",
    [{"device": "cuda:0"}, {"device_name": "Other"}, {"precision": "bf16"}, {"threads": 1}],
)
def test_ceilings_of_other_devices_precisions_and_threads_are_passed_over(found, other):
    assert found(_ceiling(**other))["inference_throughput"].ceiling_flops_per_s is None


def test_network_without_a_graph_has_what_its_macs_say(found):
    unknown = dict.fromkeys(("moved_elements", "training_moved_elements", "training_macs"))

    lines = found(_ceiling(), counts={**COUNTS, **unknown})

    (line,) = lines.values()
    assert line.metric == "inference_throughput"
    assert line.intensity_flops_per_byte is line.attainable_flops_per_s is None
    assert line.share_of_ceiling == 2e6 / 1e9


def test_no_throughput_and_no_size_have_no_roofline(make_record, found):
    refused = make_record(samples={"inference_throughput": (), "training_throughput": ()})
    nameless = make_record(size=None)
    other = Measurement.of(SWEEP, values=(), samples=1, value=1.0)
    swept = replace(nameless.findings, size=refused.findings.size, measurements=(other,))

    assert rooflines(refused.case, refused.findings, ()) == ()
    assert rooflines(nameless.case, nameless.findings, ()) == ()
    assert rooflines(nameless.case, swept, ()) == ()
