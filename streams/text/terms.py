"""Which brands a text names, and where: one automaton over the whole batch."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from streams.text.lexicons import Brand
from streams.text.segment import Segmenter

_BETWEEN = "\x1f"


class Hit(NamedTuple):
    """A brand named in a folded text.

    Attributes:
        start: index of the first character.
        stop: index behind the last.
        brand: canonical name.
    """

    start: int
    stop: int
    brand: str


class Terms:
    """Finds brand terms: the longest at each place, Latin and digits only as whole words.

    A term inside a longer word of the dictionary is that word, not the brand. Words that the segmentation
    only guessed take nothing away.
    """

    def __init__(self, brands: Sequence[Brand], segmenter: Segmenter) -> None:
        self._brand = {term: brand.name for brand in brands for term in brand.terms}
        self._terms = list(self._brand)
        self._longest = AhoCorasick(self._terms, matchkind=MatchKind.LeftmostLongest) if brands else None
        self._every = AhoCorasick(self._terms)
        self._knows = segmenter.knows

    def find(self, texts: Sequence[str], cuts: Sequence[list[str]]) -> dict[int, list[Hit]]:
        """Index of each text that names a brand → its hits, in order and without overlap.

        Args:
            texts: folded texts (none holds the unit separator).
            cuts: their tokens.
        """
        if self._longest is None:
            return {}
        matches = self._longest.find_matches_as_indexes(_BETWEEN.join(texts))
        begins = list(accumulate((len(text) + 1 for text in texts), initial=0))
        found: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
        index = 0
        for term, start, stop in matches:
            index = bisect_right(begins, start, index) - 1
            begin = begins[index]
            found[index].append((term, start - begin, stop - begin))
        hits: dict[int, list[Hit]] = {}
        for index, candidates in found.items():
            text, tokens = texts[index], cuts[index]
            if all(self._good(text, tokens, *candidate) for candidate in candidates):
                hits[index] = [
                    Hit(start, stop, self._brand[self._terms[term]]) for term, start, stop in candidates
                ]
            elif chosen := self._shorter(text, tokens):
                hits[index] = chosen
        return hits

    def _shorter(self, text: str, tokens: list[str]) -> list[Hit]:
        """The hits of a text in which the longest match of some place is no hit, but a shorter one may be."""
        every = self._every.find_matches_as_indexes(text, overlapping=True)
        every.sort(key=lambda match: (match[1], -match[2]))
        chosen: list[Hit] = []
        end = 0
        for term, start, stop in every:
            if start >= end and self._good(text, tokens, term, start, stop):
                chosen.append(Hit(start, stop, self._brand[self._terms[term]]))
                end = stop
        return chosen

    def _good(self, text: str, tokens: list[str], term: int, start: int, stop: int) -> bool:
        return _whole(text, start, stop) and not self._inside(text, tokens, self._terms[term], start)

    def _inside(self, text: str, tokens: list[str], term: str, start: int) -> bool:
        """Whether one known word strictly contains the term at `start`."""
        if " " in term or (term in tokens and text.count(term) == 1):
            return False
        begin = 0
        for token in tokens:
            end = begin + len(token)
            if end > start:
                stop = start + len(term)
                return begin <= start and stop <= end and end - begin > len(term) and self._knows(token)
            begin = end
        return False


def _whole(text: str, start: int, stop: int) -> bool:
    """Whether no Latin letter or digit is cut off at either end."""
    return not (
        (start and _latin(text[start]) and _latin(text[start - 1]))
        or (stop < len(text) and _latin(text[stop - 1]) and _latin(text[stop]))
    )


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
