import json

import pytest


def facts(benchsuite, *arguments):
    result = benchsuite("show", *arguments, "--json")
    assert result.exit_code == 0
    return json.loads(result.stdout)


def test_show_has_a_row_for_every_layer_and_the_totals(benchsuite):
    lines = benchsuite("show", "lenet5").stdout.splitlines()

    assert lines[0].split() == ["layer", "op", "output", "parameters", "MACs"]
    assert ["conv1", "conv", "28×28×6", "156", "117,600"] in [line.split() for line in lines]
    totals = {line[:24].strip(): line[24:].strip() for line in lines[-6:-1]}
    assert totals == {
        "parameters (trainable)": "61,706",
        "buffers": "0",
        "parameters and buffers": "61,706",
        "MACs": "416,520",
        "FLOPs (2 × MACs)": "833,040",
    }
    assert lines[-1] == f"fingerprint {facts(benchsuite, 'lenet5')['fingerprint']}"


def test_show_keeps_buffers_apart(benchsuite):
    found = facts(benchsuite, "resnet18")

    assert found["parameters"] == 11_689_512
    assert found["buffers"] == 9_600
    assert found["total"] == 11_699_112


def test_show_adds_up(benchsuite):
    found = facts(benchsuite, "resnet18")

    assert sum(layer["macs"] for layer in found["layers"]) == found["macs"] == 1_814_073_344
    assert sum(layer["parameters"] for layer in found["layers"]) == found["parameters"]
    assert found["flops"] == 2 * found["macs"]


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ("32x40x1", [32, 40, 1]),
        ("32×40×1", [32, 40, 1]),
        ("32X40", [32, 40, 3]),
        ("40", [40, 40, 3]),
    ],
)
def test_show_takes_an_input_and_the_networks_own_channels(benchsuite, given, shape):
    assert facts(benchsuite, "resnet18", "--input", given)["input_shape"] == shape


def test_show_takes_classes(benchsuite):
    found = facts(benchsuite, "resnet18", "--classes", "7")

    assert found["classes"] == 7
    assert found["layers"][-1]["output_shape"] == [7]


def test_show_fits_a_narrow_terminal(benchsuite):
    lines = benchsuite("show", "vit_b_16", COLUMNS="80").stdout.splitlines()

    assert max(map(len, lines)) <= 80


def test_show_sums_flops_by_op(benchsuite):
    lines = benchsuite("show", "lenet5", "--flops-by", "op").stdout.splitlines()
    assert [line.split() for line in lines] == [
        ["op", "MACs", "FLOPs", "(2", "×", "MACs)", "share"],
        ["conv", "357,600", "715,200", "85.9%"],
        ["dense", "58,920", "117,840", "14.1%"],
        ["all", "416,520", "833,040", "100.0%"],
    ]


def test_show_sums_flops_by_block(benchsuite):
    lines = benchsuite("show", "resnet18", "--flops-by", "block").stdout.splitlines()
    found = {line.split()[0]: line.split()[1] for line in lines[1:]}
    assert found["fc"] == "512,000"
    assert found["all"] == "1,814,073,344"
    assert {"conv1", "layer1", "layer2", "layer3", "layer4"} < found.keys()


def test_show_refuses_the_source_of_a_backend_that_has_none(benchsuite):
    plugin = ("-p", "benchsuite.reference.plugin")
    result = benchsuite(*plugin, "show", "lenet5", "--source", "numpy")
    assert result.exit_code == 2
    assert "backend 'numpy' generates no code that could be shown" in result.stderr
