"""Changes of a sound file: of its bits, its length, its numbers, or its JSON."""

import json
import re
import struct
from copy import deepcopy
from random import Random
from typing import Any

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 62)
_TEXTS = (
    *("", "..", "/", "../../up", "\0", "\n", "\x1b[31m", "a" * 300, "=1", "NaN", "é", "\ud800"),
    *("-1", "1e999", "true", "null"),
)
_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1, 0.0, -0.0, 1e308, -1e308, 5e-324, 1 << 53, 1 << 63, 10**30, 10**400),
    *([], {}, [[]], [None], {"a": None}, "a", [0], [-1], [1e308, 1e308]),
)
_MOST = 6


def mutate(content: bytes, random: Random) -> bytes:
    """The content with up to six changes; now and then none."""
    if content[:1] in b"{[" and random.random() < 0.7:
        return _json(content, random)
    for _ in range(random.randrange(_MOST)):
        content = random.choice(_CHANGES)(content, random)
    return content


def _place(content: bytes, random: Random) -> int:
    """Headers are at the beginning more often than not."""
    end = len(content) if random.random() < 0.5 else min(len(content), 64)
    return random.randrange(end + 1)


def _flip(content: bytes, random: Random) -> bytes:
    if not content:
        return content
    place = min(_place(content, random), len(content) - 1)
    return (
        content[:place] + bytes([content[place] ^ 1 << random.randrange(8)]) + content[place + 1 :]
    )


def _number(content: bytes, random: Random) -> bytes:
    """An absurd one, of any width and order of bytes."""
    place = _place(content, random)
    number, form = random.choice(_NUMBERS), random.choice("BHIQ")
    size = struct.calcsize(form)
    raw = struct.pack(random.choice("<>") + form, number % (1 << 8 * size))
    return content[:place] + raw + content[place + size :]


def _cut(content: bytes, random: Random) -> bytes:
    return content[: _place(content, random)]


def _without(content: bytes, random: Random) -> bytes:
    place = _place(content, random)
    return content[:place] + content[place + random.randrange(1, 20) :]


def _again(content: bytes, random: Random) -> bytes:
    """A part of it once more, elsewhere."""
    first, place = _place(content, random), _place(content, random)
    return content[:place] + content[first : first + random.randrange(1, 200)] + content[place:]


def _noise(content: bytes, random: Random) -> bytes:
    place = _place(content, random)
    return content[:place] + random.randbytes(random.randrange(1, 9)) + content[place:]


def _digits(content: bytes, random: Random) -> bytes:
    """A number in text that is another: of a header, a table or a configuration."""
    found = list(re.finditer(rb"-?\d[\d.e+-]*", content))
    if not found:
        return content
    chosen = random.choice(found)
    texts = (b"-1", b"0", b"1e308", b"1e999", b"nan", b"inf", b"9" * 30, b"9" * 5000, b"0.5", b"''")
    return content[: chosen.start()] + random.choice(texts) + content[chosen.end() :]


def _text(content: bytes, random: Random) -> bytes:
    place = _place(content, random)
    return content[:place] + random.choice(_TEXTS).encode(errors="surrogatepass") + content[place:]


_CHANGES = (_flip, _flip, _number, _number, _cut, _without, _again, _noise, _digits, _text)


def _json(content: bytes, random: Random) -> bytes:
    """Another value somewhere in a tree, or another key."""
    lines = content.splitlines() if content.count(b"\n{") else [content]
    trees = [json.loads(line) for line in lines if line.strip()]
    for _ in range(random.randrange(1, _MOST)):
        tree = random.choice(trees)
        holder, key = random.choice(list(_nodes(tree)) or [(trees, 0)])
        holder[key] = deepcopy(random.choice((*_VALUES, *_TEXTS)))
        if random.random() < 0.1 and isinstance(holder, dict):
            del holder[key]
    return "\n".join(map(json.dumps, trees)).encode()


def _nodes(tree: Any) -> Any:
    """Where each value of a tree is."""
    if not isinstance(tree, dict | list):
        return
    for key in tree if isinstance(tree, dict) else range(len(tree)):
        yield tree, key
        yield from _nodes(tree[key])
