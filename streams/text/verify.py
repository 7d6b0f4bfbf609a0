"""Whether a term really stands where its pattern turned up in the squeezed text."""

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from streams.text.disguise import Disguise, asked
from streams.text.line import Line, Span, latin
from streams.text.variants import Pattern

MOST = 10_000
"""Places of one text that are looked at: more are in no text that anybody reads."""

_RANK = {"": 0, "inserted": 1, "repeated": 2, "split": 3, "pinyin": 4, "homophone": 5, "abbreviation": 6}
"""Of two readings of one place the plainer one counts."""

_place = attrgetter("start", "stop")


class Found(NamedTuple):
    """An occurrence of a term.

    Attributes:
        term: number of the term.
        start: code point of the original text at which it begins.
        stop: code point behind it.
        first: number of the first counted token it covers (punctuation and blanks are not counted).
        last: number behind the last.
        variant: "" as written, else how it was dressed up: `inserted`, `repeated`, `homophone`, `pinyin`,
            `split` or `abbreviation`.
    """

    term: int
    start: int
    stop: int
    first: int
    last: int
    variant: str


class Hit(NamedTuple):
    """A term in a folded text: the rank and the name of its variant, and its place."""

    rank: int
    start: int
    stop: int
    variant: str


class Sight(NamedTuple):
    """A pattern to look at: its place in the text, the end of its last unit, its units as written."""

    pattern: Pattern
    start: int
    stop: int
    units: str


def verified(line: Line, sight: Sight, disguise: Disguise, phrase: bool) -> Hit | None:
    """The term at a place, or None where it is something else.

    Args:
        line: the text.
        sight: what turned up there.
        disguise: decides on what is not as written.
        phrase: whether the term may be a part of a word.
    """
    pattern, start, stop, units = sight
    if not units:
        if line.whole(start, stop) and not (pattern.contact and not asked(line, start, stop)):
            return Hit(_RANK[pattern.variant], start, stop, pattern.variant)
        return None
    text = line.text
    if text.startswith(pattern.text, start) and not pattern.variant:
        end = start + len(pattern.text)
        if text[end : end + 1] != text[end - 1]:
            return Hit(0, start, end, "") if _fits(line, start, end, phrase) else None
    if stop - start == len(units) and text[stop : stop + 1] != text[stop - 1]:
        span: Span | None = Span(start, stop, units, (1,) * len(units), {})
    else:
        span = line.read(start, units, pattern.runs[-1])
    if pattern.variant or len(units) > 1:
        begin = disguise.begin(line, pattern, span) if span else None
        if span and begin is not None and (pattern.variant or text[start : span.stop] != pattern.text):
            variant = pattern.variant
            if not variant:
                variant = "inserted" if span.gaps else "repeated" if span.runs != pattern.runs else ""
            return Hit(_RANK[variant], begin, span.stop, variant)
    if not pattern.variant:
        end = span.stop if span else stop + len(pattern.text)
        while (start := text.find(pattern.text, start, end)) >= 0:
            if _fits(line, start, start + len(pattern.text), phrase):
                return Hit(0, start, start + len(pattern.text), "")
            start += 1
    return None


def _fits(line: Line, start: int, stop: int, phrase: bool) -> bool:
    """Whether the term as written stands here as a word, a run of words, or in a guessed word."""
    return line.whole(start, stop) and (phrase or line.stands(start, stop))


def cut_off(text: str, start: int, stop: int) -> bool:
    """Whether a Latin word goes on at one of the ends; digits may follow."""
    if start and latin(text[start]) and latin(text[start - 1]):
        return True
    return (
        stop < len(text)
        and latin(text[stop - 1])
        and latin(text[stop])
        and text[stop] != text[stop - 1]
        and text[stop].isalpha()
    )


def chosen(line: Line, term: int, hits: Sequence[Hit], *, counted: bool) -> list[Found]:
    """Of the hits of a term that overlap, the plainest and then the longest.

    Args:
        line: the text.
        term: number of the term.
        hits: what was verified, in any order.
        counted: whether the numbers of the tokens are wanted; they are 0 otherwise.
    """
    taken: list[Hit] = []
    for hit in sorted(hits, key=_place) if len(hits) > 1 else hits:
        if not taken or hit.start >= taken[-1].stop:
            taken.append(hit)
        elif (hit.rank, hit.start - hit.stop) < (taken[-1].rank, taken[-1].start - taken[-1].stop):
            taken[-1] = hit
    found = []
    for _, begin, end, variant in taken:
        start, stop = line.original(begin, end)
        first, last = line.numbers(begin, end) if counted else (0, 0)
        found.append(
            Found(
                term, start, stop, first, last, variant or ("inserted" if stop - start > end - begin else "")
            )
        )
    return found
