import io
import pickle
import subprocess
import sys

from benchsuite.data.images.decoder_process import _answer


def answered(file):
    return pickle.load(file)  # noqa: S301 - from the module under test


def test_answer_is_what_the_function_yields_or_raises():
    questions = io.BytesIO(pickle.dumps((abs, -3)) + pickle.dumps((int, "x")))
    answers = io.BytesIO()
    assert _answer(questions, answers)
    assert _answer(questions, answers)
    assert not _answer(questions, answers)
    answers.seek(0)
    assert answered(answers) == (3, None)
    nothing, error = answered(answers)
    assert nothing is None
    assert isinstance(error, ValueError)


def test_decoder_ends_with_its_input():
    result = subprocess.run(
        [sys.executable, "-c", "from benchsuite.data.images.decoder_process import main; main()"],
        input=pickle.dumps((abs, -3)),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert answered(io.BytesIO(result.stdout)) == (3, None)
    assert result.stderr == b""
