"""What tests ask decoding processes to do: found by its name in another interpreter."""

import os
import sys
import time

from benchsuite.errors import UsageError


def slow_if_even(number):
    time.sleep(0.05 * (number % 2 == 0))
    return number


def process(_):
    time.sleep(0.01)
    return os.getpid()


def refuse_three(number):
    if number == 3:
        raise UsageError("no 3")
    return number


def die(code):
    os._exit(code)


def print_loudly(text):
    os.write(1, f"{text}\n".encode())
    return text


def modules(_):
    import benchsuite.data.images.inspection
    import benchsuite.data.images.resized  # noqa: F401 - what they import is asked for

    return sorted(sys.modules)
