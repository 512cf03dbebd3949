"""Numbers for people's eyes: three significant digits, and the unit that suits them."""

import math
from collections.abc import Iterable

_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
#: From here on, three digits are no fewer than those before the point.
_THREE_DIGITS = 99.95
_BAR = 8


def significant(value: float) -> str:
    """Three significant digits, and every digit before the point; thousands are grouped."""
    size = abs(value)
    if size >= _THREE_DIGITS:
        return f"{value:,.0f}"
    # The `#` keeps zeros at the end: 2.00 is known as well as 1.99.
    return f"{value:#.3g}"


def fraction(value: float) -> str:
    """A share of one, to a thousandth."""
    return f"{value:.3f}"


def whole(value: float) -> str:
    """A count of a few."""
    return f"{value:.0f}"


def plus_minus(value: float, half: float) -> str:
    """A value and half its interval, in the digits that the latter supports: 1.93 ±0.02."""
    if half <= 0:
        return f"{significant(value)} ±0"
    exponent = math.floor(math.log10(half))
    # Rounded to one digit, 0.14 would lose a third of itself: a leading one takes a second digit.
    decimals = -exponent + (1 if half < 2 * 10.0**exponent else 0)
    shown = max(0, decimals)
    return f"{round(value, decimals):,.{shown}f} ±{round(half, decimals):,.{shown}f}"


def scaled(count: float) -> str:
    """A count with its prefix: 11.7 M, 417 k, 1.81 G."""
    for factor, prefix in _PREFIXES:
        if count >= factor:
            return f"{significant(count / factor)} {prefix}"
    return f"{count:g}"


def bar(share: float) -> str:
    """A share of 1 as a bar of at most eight characters, to an eighth of one."""
    eighths = round(share * _BAR * 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def extents(shape: Iterable[object]) -> str:
    """A shape as it is spoken: 32×32×3."""
    return "×".join(map(str, shape))
