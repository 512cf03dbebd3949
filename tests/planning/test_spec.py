import pytest

from benchsuite.errors import UsageError
from benchsuite.planning import RunSpec, make_spec


def test_make_spec_has_the_documented_defaults():
    assert make_spec({}) == RunSpec()
    assert RunSpec().device == "auto"


def test_make_spec_reads_a_config_file_and_lets_options_win(tmp_path):
    config = tmp_path / "nightly.toml"
    config.write_text('archs = ["resnet*"]\nseeds = [0, 1]\nepochs = 3\ninput = [32, 32, 3]\n')
    spec = make_spec({"epochs": 5}, config)
    assert (spec.archs, spec.seeds, spec.epochs) == (("resnet*",), (0, 1), 5)
    assert spec.input == (32, 32, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs: expected `int` >= 1, got 0"),
        ({"batch_size": -4}, "batch_size: expected `int` >= 1, got -4"),
        ({"seeds": [0, -1]}, r"seeds: expected `int` >= 0, got \[0, -1\]"),
        ({"archs": []}, "archs: expected `array` of length >= 1"),
        ({"input": [32]}, r"input: expected `array` of length >= 2.*got \[32\]"),
        ({"target_accuracy": 94}, "target_accuracy: expected `float` <= 1.0, got 94"),
        ({"checkpoint_epochs": 0}, "checkpoint_epochs: expected `int` >= 1, got 0"),
        ({"division": "open"}, "division: 'open' is not one of idiomatic, matched"),
        ({"memory_limit": "0GiB"}, "memory limit .0GiB. is not an amount"),
        ({"memory_limit": "8GB"}, "memory limit '8GB' is not an amount: write 512MiB or 8GiB"),
        ({"folds": 1}, "folds: expected `int` >= 2, got 1"),
        ({"precisions": ["fp8"]}, "precisions: 'fp8' is not one of bf16, fp16, fp32, fp64, tf32"),
        ({"epoch": 3}, "unknown option 'epoch'. Did you mean 'epochs'"),
    ],
)
def test_make_spec_names_the_option_and_what_it_received(options, message):
    with pytest.raises(UsageError, match=message) as caught:
        make_spec(options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({}, 600.0),
        ({"protocol": "full"}, 3600.0),
        ({"recipe": "cifar10"}, 604_800.0),
        ({"recipe": "mnist", "timeout_s": 5}, 5.0),
    ],
)
def test_the_tours_cases_are_short(options, seconds):
    assert make_spec(options).case_timeout_s == seconds


@pytest.mark.parametrize(
    ("limit", "size"), [("512MiB", 2**29), ("8GiB", 2**33), ("0.5GiB", 2**29), (None, None)]
)
def test_a_memory_limit_is_in_binary_units(limit, size):
    assert make_spec({"memory_limit": limit} if limit else {}).memory_limit_bytes == size


def test_make_spec_joins_what_is_set(tmp_path):
    config = tmp_path / "nightly.toml"
    config.write_text('recipe = "cifar10"\n[set]\nlr = 0.1\nmomentum = 0.5\n')
    spec = make_spec({"set": {"lr": 0.2}}, config)
    assert (spec.recipe, spec.set) == ("cifar10", {"lr": 0.2, "momentum": 0.5})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"archs = [", "is not valid TOML"),
        (b"\xff\xfe", "is not valid TOML"),
        (b"epochs = 'three'", "nightly.toml': epochs: expected `int.*got 'three'"),
        (b"[run]\nepochs = 3", "unknown option 'run'"),
    ],
)
def test_make_spec_names_a_malformed_config_file(tmp_path, content, message):
    config = tmp_path / "nightly.toml"
    config.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        make_spec({}, config)


def test_make_spec_names_a_missing_config_file(tmp_path):
    with pytest.raises(UsageError, match=r"absent\.toml' cannot be read: No such file"):
        make_spec({}, tmp_path / "absent.toml")


def test_a_value_given_twice_is_one_case():
    spec = make_spec({"seeds": [0, 1, 0], "archs": ["a", "a"], "tiers": ["native"] * 2})
    assert (spec.seeds, spec.archs, spec.tiers, spec.threads) == ((0, 1), ("a",), ("native",), None)
