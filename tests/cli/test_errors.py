import pytest

BAD = [
    (("frobnicate",), "No such command 'frobnicate'"),
    (("--frobnicate",), "No such option"),
    (("list",), "Missing argument"),
    (("list", "stars"), "'stars' is not one of"),
    (("show",), "Missing argument"),
    (("show", "resnet81"), "unknown architecture 'resnet81'. Did you mean 'resnet18'?"),
    (("show", "resnet18", "--input", "32x32x3x3"), "is not an input shape: write 32x32x3"),
    (("show", "resnet18", "--input", "0x32"), "is not an input shape"),
    (("show", "resnet18", "--input", "-32"), "is not an input shape"),
    (("show", "resnet18", "--input", "big"), "is not an input shape"),
    (("show", "lenet5", "--input", "4"), "lenet5 needs at least 12×12, got 4×4"),
    (("show", "lenet5", "--classes", "0"), "'--classes'"),
    (("plan", "--threads", "two"), "'two' is not a list of threads: write 1 or 1,2"),
    (("plan", "--threads", "0"), "threads: expected `int` >= 1"),
    (("plan", "--budget", "soon"), "budget 'soon' is not a time: write 90s, 15m or 2h"),
    (("plan", "--protocol", "tour-2"), "protocol: 'tour-2' is not one of full, quick, smoke, tour"),
    (("leaderboard", "nowhere"), "no results at 'nowhere'"),
    (("leaderboard",), "no results at 'results'"),
    (("leaderboard", "."), "no records in '.'"),
    (("completion", "tcsh"), "'tcsh' is not one of"),
    (("-p", "no_such_plugin", "list", "archs"), "-p no_such_plugin: cannot be imported"),
    (("-p", "no_such_plugin.py", "list", "archs"), "no such file"),
    (("-p",), "requires an argument"),
]


@pytest.mark.parametrize(("arguments", "expected"), BAD)
def test_bad_input_is_one_clear_line_and_exit_code_2(benchsuite, arguments, expected):
    result = benchsuite(*arguments)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert expected in result.stderr
    assert result.stderr.count("\n") == 1


def test_usage_error_says_where_help_is(benchsuite):
    assert benchsuite("show").stderr.endswith("see 'benchsuite show --help'\n")
    assert benchsuite("frobnicate").stderr.endswith("see 'benchsuite --help'\n")


def test_no_command_shows_the_help(benchsuite):
    result = benchsuite()

    assert result.exit_code == 0
    assert result.stdout == benchsuite("--help").stdout
    for command in ("completion", "leaderboard", "list", "plan", "run", "show"):
        assert f"\n  {command} " in result.stdout


def test_version_is_the_packages(benchsuite):
    import benchsuite as package

    assert benchsuite("--version").stdout.strip().endswith(package.__version__)
