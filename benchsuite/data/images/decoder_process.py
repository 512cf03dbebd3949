"""A process that decodes: started by `Decoders`.

It is asked on standard input and answers on what was standard output, in pickles. It ends
where its input does, however the process that asks has ended.
"""

import os
import pickle
import sys
from contextlib import suppress
from typing import Any, BinaryIO


def main() -> None:
    """Apply functions to arguments until standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    with suppress(BrokenPipeError):
        while _answer(sys.stdin.buffer, answers):
            pass


def _answer(questions: BinaryIO, answers: BinaryIO) -> bool:
    """Whether there was a question."""
    try:
        function, argument = pickle.load(questions)  # noqa: S301 - from the process that started this one
    except EOFError:
        return False
    answer: tuple[Any, Exception | None]
    try:
        answer = (function(argument), None)
    except Exception as error:  # noqa: BLE001 - raised again by the process that asks
        answer = (None, error)
    pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
    answers.flush()
    return True
