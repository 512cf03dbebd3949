import pytest
from PIL import Image


def test_a_picture_of_the_first_batch_is_written(benchsuite, tmp_path):
    result = benchsuite("show-batch", "lenet5", "batch.png", "--set", "batch_size=9")
    assert result.exit_code == 0
    assert result.stdout == "9 images, row by row from the top left: batch.png\n"
    with Image.open(tmp_path / "batch.png") as sheet:
        width, height = sheet.size
        assert width == 3 * 3 * 28  # the smallest multiple of 28 pixels that is 64 or more
        assert height > width  # captions


@pytest.mark.parametrize(
    "changes",
    [
        ["--epoch", "1"],
        ["--seed", "1"],
        ["--set", 'augmentation=["rotate"]'],
        ["--input", "32x32x1"],
    ],
)
def test_what_is_asked_for_changes_the_picture(benchsuite, tmp_path, changes):
    benchsuite("show-batch", "lenet5", "first.png")
    benchsuite("show-batch", "lenet5", "again.png")
    assert benchsuite("show-batch", "lenet5", "other.png", *changes).exit_code == 0
    first, again, other = (
        (tmp_path / f"{name}.png").read_bytes() for name in ("first", "again", "other")
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lenet6", "b.png"], "unknown architecture 'lenet6'"),
        (["lenet5", "b.png", "--recipe", "turo"], "unknown recipe 'turo'. Did you mean 'tour'"),
        (["lenet5", "b.png", "--set", "lr"], "lr"),
        (["lenet5", "b.xyz"], "b.xyz"),
        (["lenet5", "missing/b.png"], "missing/b.png"),
    ],
)
def test_bad_input_gets_one_clear_line(benchsuite, arguments, message):
    result = benchsuite("show-batch", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
