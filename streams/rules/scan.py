"""From the text of a query to its words: operators, brackets, terms, phrases, patterns and fields."""

import math
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from streams.rules import mistakes
from streams.rules.fields import FIELDS, Number, Span, bound
from streams.rules.patterns import BadPattern, Regex, fold_pattern
from streams.rules.tree import Field, Leaf, Pattern, Words
from streams.text.finder import Term
from streams.text.normalise import fold

LONGEST = 200_000
"""Characters of the longest query."""

FARTHEST = 1_000_000
"""A greater distance of NEAR says the same: no text has more tokens."""

# One character for one, so that a column stays a column.
_HALF = {point: point - 0xFEE0 for point in range(0xFF01, 0xFF5F)} | {
    0x3000: " ", 0xFEFF: " ", ord("“"): '"', ord("”"): '"'
}  # fmt: skip
_BLANK = re.compile(r"\s*")
_WORD = re.compile(r'[^\s()"]+')
_NEAR = re.compile(r"(O?)NEAR(?:/(.*))?", re.DOTALL)
_DISTANCE = re.compile(r"[0-9]+")
_RANGE = re.compile(r'\[([^\[\]()"]*)\]')
_BOUNDS = re.compile(r"\s*(\S+(?: \S+)?)\s+TO\s+(\S+(?: \S+)?)\s*")
_ENDED = re.compile(r"(?:[^/\\]|\\.)*/", re.DOTALL)

Kind = Literal["(", ")", "AND", "OR", "NOT", "NEAR", "leaf", "end"]


_BRACKETS: dict[str, Kind] = {"(": "(", ")": ")"}
_OPERATORS: dict[str, Kind] = {"AND": "AND", "OR": "OR", "NOT": "NOT"}


class Token(NamedTuple):
    """A word of a query.

    Attributes:
        kind: what it is.
        column: where it starts, from 1.
        written: an operator as its user wrote it, in half-width letters.
        leaf: what a leaf looks for.
        distance: of NEAR.
        ordered: whether it is ONEAR.
    """

    kind: Kind
    column: int
    written: str = ""
    leaf: Leaf | None = None
    distance: int = 0
    ordered: bool = False


def scan(query: str) -> Iterator[Token]:
    """The words of a query one after the other, closed by an `end`.

    Raises:
        QueryError: when the word at hand cannot be read.
    """
    if len(query) > LONGEST:
        raise mistakes.too_long(LONGEST)
    plain = query.translate(_HALF)
    place = 0
    while True:
        place = _skip(plain, place)
        if place == len(plain):
            yield Token("end", place + 1)
            return
        column = place + 1
        character = plain[place]
        if bracket := _BRACKETS.get(character):
            place += 1
            yield Token(bracket, column)
        elif character == '"':
            leaf, place = _phrase(query, plain, place)
            yield Token("leaf", column, leaf=leaf)
        elif character == "/":
            pattern, place = _pattern(query, plain, place)
            yield Token("leaf", column, leaf=pattern)
        else:
            word = _match(_WORD, plain, place)
            name, colon, _ = word.partition(":")
            if colon:
                field, place = _field(query, plain, place, name)
                yield Token("leaf", column, leaf=field)
                continue
            written = query[place : place + len(word)]
            place += len(word)
            operator = _operator(word, column)
            if operator:
                yield operator
            elif fold(written).strip():  # a word of zero-width characters is nothing to look for
                yield Token("leaf", column, leaf=Words(_term(written, word), column))


def _skip(plain: str, place: int) -> int:
    match = _BLANK.match(plain, place)
    assert match
    return match.end()


def _match(pattern: re.Pattern[str], plain: str, place: int) -> str:
    match = pattern.match(plain, place)
    assert match
    return match[0]


def _operator(word: str, column: int) -> Token | None:
    if operator := _OPERATORS.get(word):
        return Token(operator, column, word)
    near = _NEAR.fullmatch(word)
    if near is None:
        return None
    if not _DISTANCE.fullmatch(near[2] or ""):
        raise mistakes.bad_near_distance(column, word)
    distance = int(near[2]) if len(near[2]) < 7 else FARTHEST
    return Token("NEAR", column, word, distance=min(distance, FARTHEST), ordered=bool(near[1]))


def _term(written: str, plain: str) -> Term:
    bare = written[:-1] if plain.endswith("~") else written
    return Term(bare, evasions=True) if bare != written and fold(bare).strip() else Term(written)


def _quoted(query: str, plain: str, place: int) -> tuple[str, int]:
    end = plain.find('"', place + 1)
    if end < 0:
        raise mistakes.unterminated_phrase(place + 1)
    return query[place + 1 : end], end + 1


def _phrase(query: str, plain: str, place: int) -> tuple[Words, int]:
    text, end = _quoted(query, plain, place)
    if not fold(text).strip():
        raise mistakes.empty_phrase(place + 1)
    evasions = plain.startswith("~", end)
    return Words(Term(text, phrase=True, evasions=evasions), place + 1), end + evasions


def _pattern(query: str, plain: str, place: int) -> tuple[Pattern, int]:
    closed = _ENDED.match(plain, place + 1)
    if closed is None:
        raise mistakes.unterminated_pattern(place + 1)
    source = query[place + 1 : closed.end() - 1]
    if not source.strip():
        raise mistakes.empty_pattern(place + 1)
    folded = fold_pattern(source)
    try:
        Regex(folded)
    except BadPattern as error:
        raise mistakes.bad_pattern(place + 1, str(error)) from None
    return Pattern(folded, place + 1), closed.end()


def _field(query: str, plain: str, place: int, written: str) -> tuple[Field, int]:
    column = place + 1
    name = written.lower()
    if name not in FIELDS:
        raise mistakes.unknown_field(column, query[place : place + len(written)] or ":")
    place += len(written) + 1
    if plain.startswith("[", place):
        return _range(plain, place, name, column)
    if plain.startswith('"', place):
        value, place = _quoted(query, plain, place)
        start = place - len(value)
    else:
        match = _WORD.match(plain, place)
        value, start = (query[place : match.end()], place + 1) if match else ("", place)
        place += len(value)
    folded = fold(value).strip()
    if not folded:
        raise mistakes.empty_field_value(column, name)
    kind = FIELDS[name].kind
    if kind in ("value", "contains"):
        return Field(name, folded, column=column), place
    span = bound(kind, folded)
    if span is None:
        raise mistakes.bad_number(start, name, value)
    return Field(name, None, span.first, span.last, column=column), place


def _range(plain: str, place: int, name: str, column: int) -> tuple[Field, int]:
    closed = _RANGE.match(plain, place)
    if closed is None:
        raise mistakes.unterminated_range(place + 1)
    bounds = _BOUNDS.fullmatch(closed[1])
    kind = FIELDS[name].kind
    if bounds is None or kind in ("value", "contains"):
        raise mistakes.bad_range(place + 1, name)
    ends = []
    for group, open_end in ((1, -math.inf), (2, math.inf)):
        written = bounds[group]
        span = Span(open_end, open_end) if written == "*" else bound(kind, written)
        if span is None:
            raise mistakes.bad_number(place + 2 + bounds.start(group), name, written)
        ends.append(span)
    low: Number = ends[0].first
    high: Number = ends[1].last
    if low > high:
        raise mistakes.range_reversed(place + 1, bounds[1], bounds[2])
    return Field(name, None, low, high, column=column), closed.end()
