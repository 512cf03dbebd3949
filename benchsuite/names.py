"""Names from plugins and files: as file names, and as text that does nothing but be read."""

import hashlib
import re

#: What some system does not take in a file name.
_RESERVED = frozenset('\\/:*?"<>|')
#: Of the 255 that systems take; suffixes and the names of temporary files need some.
_MOST_BYTES = 180
#: Control characters but for newlines and tabs, what turns the direction of text, line breaks
#: that are not newlines, and halves of characters, which cannot be encoded.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
#: What this module itself makes ends so.
_MADE = re.compile(r"(^|\.)[0-9a-f]{32}$")
_BREAKS = re.compile(f"{_UNSEEN.pattern}|[\t\n]")


def as_file_name(name: str) -> str:
    """The name itself where any system takes it, or else one that is like it, and no other's.

    Neither leaves its folder, hides, or is too long.
    """
    plain = "".join("-" if x in _RESERVED or not x.isprintable() else x for x in name)
    if plain.startswith("."):
        plain = f"-{plain[1:]}"
    plain = plain.encode()[:_MOST_BYTES].decode(errors="ignore")
    if plain == name and name and not _MADE.search(name):
        return name
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:32]
    return f"{plain}.{digest}" if plain else digest


def readable(text: str) -> str:
    """Text of any number of lines, its control characters spelt out as in JSON."""
    return _UNSEEN.sub(_spelt, text)


def readable_line(text: str) -> str:
    """The same of one line: newlines and tabs are spelt out too."""
    return _BREAKS.sub(_spelt, text)


def _spelt(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
