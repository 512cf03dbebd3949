"""Text within Markdown, as GitHub and the Hugging Face hub show it."""

import re

#: What means something within a line, to Markdown or to GitHub's and the Hub's own additions.
#: A colon does where it begins `:smile:` or is an address's.
_MEANINGFUL = re.compile(r"([\\`*_\[\]<>|~&#$]|:(?=[\w+-]+:|//))")


def escaped(text: object) -> str:
    """Text that Markdown shows as it is, within a line or a table's cell."""
    # ASCII punctuation behind a backslash is itself (CommonMark 0.31.2, section 2.4).
    line = _MEANINGFUL.sub(r"\\\1", " ".join(str(text).split()))
    # No backslash keeps `@name` from notifying somebody; a space without width does.
    return line.replace("@", "@\u200b")
