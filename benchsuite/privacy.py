"""What is nobody else's: left out of all that benchsuite writes."""

import re
from pathlib import Path

_CREDENTIALS = re.compile(r"(?<=://)[^\s/@\"'\\]+@")


def redacted(text: str) -> str:
    """The text without users and passwords of addresses, and with `~` for the home folder."""
    return home_as_tilde(without_credentials(text))


def without_credentials(text: str) -> str:
    """The text without what addresses in it have between `://` and `@`."""
    return _CREDENTIALS.sub("", text)


def home_as_tilde(text: str) -> str:
    """The text with `~` wherever it names the home folder."""
    try:
        home = str(Path.home())
    except RuntimeError:  # a system that knows of none
        return text
    if home == Path(home).anchor:
        return text
    return re.sub(rf"(?<![\w.-]){re.escape(home)}(?![\w-])", "~", text)
