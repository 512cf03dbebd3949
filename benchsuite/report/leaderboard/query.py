"""The language of `--where`: conditions on columns, read by lark and never run as Python."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

from benchsuite.errors import UsageError
from benchsuite.records import Record
from benchsuite.report.columns.column import Column
from benchsuite.report.leaderboard.view import find_column

if TYPE_CHECKING:
    from lark import Lark, Token, Tree
    from lark.exceptions import UnexpectedInput

Condition = Callable[[Record], bool]

_GRAMMAR = r"""
?condition: conjunction | conjunction ("or" conjunction)+ -> either
?conjunction: term | term ("and" term)+ -> both
?term: comparison | membership | "not" term -> negation | "(" condition ")"
comparison: NAME OPERATOR _value
membership: NAME "in" "(" _value ("," _value)* ")"
_value: WORD | QUOTED

NAME: /[^\W\d]\w*/
OPERATOR: "==" | "!=" | "<=" | ">=" | "<" | ">" | "~"
WORD: /[^\s()<>=!~,'"]+/
QUOTED: /'[^']*'|"[^"]*"/
%ignore /\s+/
"""
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    # Not `fnmatch`, which ignores case on Windows alone.
    "~": fnmatchcase,
}
#: What could stand at a place, by the grammar's names; others go without saying.
_EXPECTED = {
    "NAME": "a column",
    "OPERATOR": "== != < <= > >= ~ in",
    "WORD": "a value",
    "AND": "'and'",
    "OR": "'or'",
    "COMMA": "','",
    "RPAR": "')'",
}
_SHOWN = 20
#: Python itself gives up at some thousand, in the middle of a table.
_MOST_NESTED = 100


def condition_of(text: str, known: Sequence[Column]) -> Condition:
    """Whether a record meets what is written; a comparison with a missing cell is false.

    Raises UsageError, with the place, for what is no condition, and UnknownNameError for a name
    that is no column's.
    """
    from lark.exceptions import UnexpectedInput

    try:
        return _condition(_parser().parse(text), known, _MOST_NESTED)
    except UnexpectedInput as error:
        raise UsageError(_misread(text, error)) from None


@cache
def _parser() -> Lark:
    from lark import Lark  # takes a tenth of a second to import

    return Lark(_GRAMMAR, start="condition", parser="lalr")


def _condition(tree: Tree[Token], known: Sequence[Column], left: int) -> Condition:
    """What a branch of the grammar means; `left` says how many may be within one another."""
    if left == 0:
        raise UsageError(f"--where: conditions are nested more than {_MOST_NESTED} deep")
    kind, parts = str(tree.data), tree.children
    if kind == "comparison":
        return _comparison(parts[0], parts[1], parts[2], known)  # type: ignore[arg-type] # words
    if kind == "membership":
        return _membership(parts[0], parts[1:], known)  # type: ignore[arg-type] # words
    conditions = [_condition(part, known, left - 1) for part in parts]  # type: ignore[arg-type] # branches
    if kind == "negation":
        return lambda record: not conditions[0](record)
    combine = all if kind == "both" else any
    return lambda record: combine(condition(record) for condition in conditions)


def _comparison(name: Token, sign: Token, word: Token, known: Sequence[Column]) -> Condition:
    column, compare = find_column(name, known), _OPERATORS[sign]
    if compare is fnmatchcase and column.type != "text":
        raise UsageError(f"--where: '{name}' is a number, and '~' {_place(sign)} is for text")
    wanted = _value(word, column)

    def meets(record: Record) -> bool:
        cell = column.read(record)
        return cell is not None and compare(cell, wanted)

    return meets


def _membership(name: Token, words: Sequence[Token], known: Sequence[Column]) -> Condition:
    column = find_column(name, known)
    wanted = {_value(word, column) for word in words}
    return lambda record: column.read(record) in wanted


def _value(word: Token, column: Column) -> str | float:
    """What a column's cells are held against: text as it is written, less its quotes."""
    text = word[1:-1] if word.type == "QUOTED" else str(word)
    if column.type == "text":
        return text
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"--where: '{column.name}' is a number, and {word} {_place(word)} is none"
        ) from None


def _place(word: Token) -> str:
    return f"(character {(word.start_pos or 0) + 1})"


def _misread(text: str, error: UnexpectedInput) -> str:
    """One line: where reading ended, and what could stand there."""
    at_end = getattr(getattr(error, "token", None), "type", "") == "$END"
    start = len(text) if at_end else (error.pos_in_stream or 0)
    rest = text[start:]
    found = f"'{rest[:_SHOWN]}{'…' if len(rest) > _SHOWN else ''}'" if rest else "the end"
    names = getattr(error, "accepts", None) or getattr(error, "allowed", None) or ()
    expected = ", ".join(said for name, said in _EXPECTED.items() if name in names)
    instead = f" where {expected} could stand" if expected else " is one too many"
    return (
        f"--where: {found} (character {start + 1}){instead}; "
        "docs/reference/leaderboard.md explains the language"
    )
