"""One text under the finder's eye: tokens with their places, and how a span was really written."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from streams.text.normalise import places
from streams.text.odds import gain, inner, known, parted
from streams.text.segment import Segmenter
from streams.text.track import letter

_LONGEST_RUN = 64
_LONGEST_GAP = 8
"""Repeats and symbols of a span end somewhere: what is longer is no way to write a word."""

_AROUND = 6
"""Characters on either side that decide how a word is cut."""


_BETTER = 2.0
"""How much likelier a place must be with the word than with those that reach over its ends, as a logarithm."""

_FEW = 100
"""Tokens of a short text."""

_SEARCHED = 1_000
"""Tokens of a text that are searched sooner than their places are counted."""

_REMEMBERED = 50_000
"""Tokens of which it is remembered whether they count."""


class Span(NamedTuple):
    """How the units of a pattern are written in a text.

    Attributes:
        start: index in the folded text.
        stop: index behind.
        units: the units as the squeezed text shows them.
        runs: how often each is written.
        gaps: unit → the symbols before it; a number and a half is inside the run of a unit.
    """

    start: int
    stop: int
    units: str
    runs: tuple[int, ...]
    gaps: dict[float, str]


class _Counts(dict[str, bool]):
    """Token → whether it counts: punctuation and blanks do not."""

    def __missing__(self, token: str) -> bool:
        counted = token.isalnum() or any(map(str.isalnum, token))
        if len(self) >= _REMEMBERED:
            self.clear()
        self[token] = counted
        return counted


_counts = _Counts().__getitem__


class Line:
    """A folded text with its tokens; what few places ask for is worked out when it is asked for first."""

    __slots__ = ("_counted", "_ends", "_original", "_places", "_segmenter", "_tokens", "text")

    def __init__(self, original: str, folded: str, tokens: Sequence[str], segmenter: Segmenter) -> None:
        self.text = folded
        self._original = original
        self._tokens = tokens
        self._segmenter = segmenter
        self._ends: list[int] = []
        self._counted: list[int] = []
        self._places: Sequence[int] | None = range(len(folded)) if folded is original else None

    @property
    def ends(self) -> list[int]:
        """Where each token ends."""
        if not self._ends:
            self._ends = list(accumulate(map(len, self._tokens)))
        return self._ends

    def original(self, start: int, stop: int) -> tuple[int, int]:
        """The span in code points of the original text."""
        if self._places is None:
            self._places = places(self._original)
        return self._places[start], self._places[stop - 1] + 1

    def capitals(self, start: int, stop: int) -> bool:
        """Whether the span was written with plain capitals."""
        first, last = self.original(start, stop)
        return any("A" <= character <= "Z" for character in self._original[first:last])

    def numbers(self, start: int, stop: int) -> tuple[int, int]:
        """The counted tokens that the span covers."""
        first, last = bisect_right(self.ends, start), bisect_right(self.ends, stop - 1)
        if len(self._tokens) < _FEW:  # dearer to remember than to count
            before = sum(map(_counts, self._tokens[:first]))
            return before, before + sum(map(_counts, self._tokens[first : last + 1]))
        if not self._counted:
            self._counted = list(accumulate(map(_counts, self._tokens), initial=0))
        return self._counted[first], self._counted[last + 1]

    def whole(self, start: int, stop: int) -> bool:
        """Whether no Latin letter or digit is cut off at either end."""
        text = self.text
        if text[start] > "\x7f" < text[stop - 1]:
            return True
        return not (
            (start and latin(text[start]) and latin(text[start - 1]))
            or (stop < len(text) and latin(text[stop - 1]) and latin(text[stop]))
        )

    def astride(self, start: int, stop: int) -> bool:
        """Whether a dictionary word reaches over one of the ends; a guessed word never does.

        Nor does a user word where jieba's own dictionary would begin or end a word: 退货 in 想退货.
        """
        ends, tokens, knows = self.ends, self._tokens, self._segmenter.swallows
        first, last = bisect_right(ends, start), bisect_right(ends, stop - 1)
        head, tail = tokens[first], tokens[last]
        cut = start - (ends[first] - len(head))
        if cut and knows(head) and cut not in inner(head)[0]:
            return True
        cut = stop - (ends[last] - len(tail))
        return cut < len(tail) and knows(tail) and cut not in inner(tail)[1]

    def stands(self, start: int, stop: int) -> bool:
        """Whether a word stands here: none reaches over its ends, or those around it read far better with it.

        刷单 in 刷单日结 is one although 单日 is a word; 大麻 in 大麻烦 is none. User words are never overruled.
        """
        text, tokens = self.text, self._tokens
        term = text[start:stop]
        alone = len(tokens) <= _SEARCHED and text.find(term) == start and text.find(term, start + 1) < 0
        if alone and term in tokens:
            first = last = tokens.index(term)
            astride = False
        else:
            first, last = bisect_right(self.ends, start), bisect_right(self.ends, stop - 1)
            astride = self.astride(start, stop)
        if not astride:
            beside = (
                first > 0 and last + 1 < len(tokens) and len(tokens[first - 1]) == 1 == len(tokens[last + 1])
            )
            return not (beside and parted(text, start, stop))
        if not (known(tokens[first]) and known(tokens[last])):
            return False
        before, after = self.around(start, stop)
        return gain(before, term, term, after) >= _BETTER

    def words(self, start: int, stop: int) -> list[tuple[int, str]]:
        """The words that touch the span, each with its place; guesses are cut into what the dictionary knows."""
        first, last = bisect_right(self.ends, start), bisect_right(self.ends, stop - 1)
        place = self.ends[first] - len(self._tokens[first])
        words = []
        for token in self._tokens[first : last + 1]:
            for word in (token,) if len(token) == 1 else self._segmenter.split(token):
                if place < stop and place + len(word) > start:
                    words.append((place, word))
                place += len(word)
        return words

    def around(self, start: int, stop: int) -> tuple[str, str]:
        """The characters on either side that decide how a word is cut."""
        return self.text[max(0, start - _AROUND) : start], self.text[stop : stop + _AROUND]

    def holds(self, span: Span, plain: str) -> bool:
        """Whether the word still stands there once it is written as `plain`, without the symbols within."""
        before, after = self.around(span.start, span.stop)
        [tokens] = self._segmenter.cut([before + plain + after])
        squeezed = Line("", before + plain + after, tokens, self._segmenter)
        return squeezed.stands(len(before), len(before) + len(plain))

    def read(self, start: int, units: str, last: int) -> Span | None:
        """How `units` are written from `start` on; None when symbols or repeats have no end.

        Behind symbols the last unit is repeated only as often as it must be, `last` times.
        """
        text = self.text
        runs: list[int] = []
        gaps: dict[float, str] = {}
        stop = start
        for place in range(start, len(text)):
            unit = letter(text[place])
            if not unit:
                if place - stop >= _LONGEST_GAP:
                    break
            elif (
                runs
                and unit == units[len(runs) - 1]
                and not (unit.isdigit() or (place > stop and latin(unit)))
            ):
                if runs[-1] >= _LONGEST_RUN or (
                    place > stop and len(runs) == len(units) and runs[-1] >= last
                ):
                    break
                if place > stop:
                    gaps[len(runs) - 0.5] = text[stop:place]
                runs[-1] += 1
                stop = place + 1
            else:
                if len(runs) == len(units):
                    break
                if place > stop:
                    gaps[len(runs)] = text[stop:place]
                runs.append(1)
                stop = place + 1
        return Span(start, stop, units, tuple(runs), gaps) if len(runs) == len(units) else None


def latin(character: str) -> bool:
    """Whether it is an ASCII letter or digit."""
    return character.isascii() and character.isalnum()
