"""TOML that people write: read, checked against a struct, and every mistake said by its name."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from benchsuite.errors import UsageError, did_you_mean, refused

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: Also numbers of thousands of digits, and arrays within arrays by the thousand.
_NOT_TOML = (tomllib.TOMLDecodeError, ValueError, RecursionError)
#: Letters of a wrong value that an error says.
_SAID = 200
_Struct = TypeVar("_Struct", bound=msgspec.Struct)
_PATH_IN_MESSAGE = re.compile(r" - at `\$\.?(?P<path>[^`]*)`")
_NOT_CHOSEN = re.compile(r"Invalid enum value '(?P<value>[^']*)'")
_UNKNOWN_FIELD = re.compile(r"unknown field `(?P<name>[^`]*)`")


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """What a file says; `~` is the home folder, as records have it.

    Raises UsageError where it cannot be read or is not TOML.

    what: how the file is called in a message, such as "config file".
    """
    with refused(f"{what} '{path}' is not valid TOML", *_NOT_TOML):
        try:
            return tomllib.loads(path.expanduser().read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"{what} '{path}' cannot be read: {error.strerror}") from error


def parse_assignment(text: str) -> tuple[str, Any]:
    """`lr=0.1` as a name and a value: TOML's, or else the text itself. Raises UsageError."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"expected name=value, such as lr=0.1, got '{text}'")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except _NOT_TOML:
        return name.strip(), value.strip()


def checked(values: Mapping[str, Any], struct: type[_Struct], where: str = "") -> _Struct:
    """The values as a struct. Raises UsageError, naming what is wrong and what was received.

    where: what the message begins with, such as "config file 'a.toml': ".
    """
    try:
        return msgspec.convert(values, struct)
    except (msgspec.ValidationError, OverflowError, RecursionError) as error:
        raise UsageError(f"{where}{_explain(str(error), values, struct)}") from error


def _explain(message: str, values: Mapping[str, Any], struct: type[msgspec.Struct]) -> str:
    """Say msgspec's message with the option's name, what was received and a suggestion."""
    unknown = _UNKNOWN_FIELD.search(message)
    if unknown:
        name, known = unknown["name"], struct.__struct_fields__
        return f"unknown option '{name}'.{did_you_mean(name, known)} Options: {', '.join(known)}"
    place = _PATH_IN_MESSAGE.search(message)
    if not place:
        return message
    option = re.split(r"[.\[]", place["path"])[0]
    if wrong := _NOT_CHOSEN.match(message):
        choices = _choices(struct, option)
        refusal = f"{option}: '{wrong['value']}' is not one of {', '.join(choices)}."
        return f"{refusal}{did_you_mean(wrong['value'], choices)}".rstrip(".")
    said = _PATH_IN_MESSAGE.sub("", message)
    return f"{option}: {said[0].lower()}{said[1:]}, got {_said(values.get(option))}"


def _choices(struct: type[msgspec.Struct], option: str) -> list[str]:
    """The texts that an option may be, or hold."""
    field = next(one for one in msgspec.structs.fields(struct) if one.name == option)
    found: list[str] = []
    pending = [msgspec.inspect.type_info(field.type)]
    while pending:
        kind = pending.pop()
        if isinstance(kind, msgspec.inspect.LiteralType):
            found += [str(value) for value in kind.values]
        elif isinstance(kind, msgspec.inspect.UnionType):
            pending += kind.types
        elif isinstance(kind, msgspec.inspect.Metadata):
            pending.append(kind.type)
        elif isinstance(kind, msgspec.inspect.VarTupleType):
            pending.append(kind.item_type)
    return found


def _said(value: object) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # Python writes no number of thousands of digits
        return "what is too long to be said"
    return text if len(text) <= _SAID else f"{text[:_SAID]}…"
