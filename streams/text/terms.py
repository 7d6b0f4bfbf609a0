"""Which brands a text names, and where: one automaton over the whole batch."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from streams.text.joined import Joined
from streams.text.normalise import fold
from streams.text.profiles import Brand
from streams.text.segment import Segmenter

_FEW = 2
"""Mentions up to which it is cheaper to look each up than to count the places of all words."""
_NEAR = 10
"""Characters on either side of a mention in which a context word takes it away."""


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


class _Rule(NamedTuple):
    """When a term is a mention.

    Attributes:
        term: itself, folded.
        brand: whose it is; None for a word that only hides terms.
        opens: whether no Latin letter or digit may stand right before it.
        closes: whether none may stand right behind it.
        context: finds words near which it is something else.
    """

    term: str
    brand: str | None
    opens: bool
    closes: bool
    context: Callable[[str, int, int], re.Match[str] | None] | None


class Terms:
    """Finds brand terms: the longest at each place, Latin and digits only as whole words.

    A term inside a longer word of the dictionary, or inside one that the brand's profile excludes, is that
    word and not the brand; so is one beside an excluded context. Words that the segmentation only guessed
    take nothing away.

    Attributes:
        brands: canonical names of those that are monitored.

    Args:
        brands: the brands to monitor.
        segmenter: knows the words of the dictionary.
        known: other brands, found only in texts that name a monitored one: what it is compared with.
    """

    def __init__(self, brands: Sequence[Brand], segmenter: Segmenter, known: Sequence[Brand] = ()) -> None:
        self.brands = frozenset(brand.name for brand in brands)
        self._brand = {term: brand.name for brand in brands for term in brand.terms}
        self._monitored = len(self._brand)
        for brand in known:
            for term in brand.terms:
                self._brand.setdefault(term, brand.name)
        shadows = {word for brand in brands for word in brand.shadows}.difference(self._brand)
        self._terms = [*self._brand, *sorted(shadows)]
        contexts = {
            term: re.compile("|".join(map(re.escape, brand.contexts))).search
            for brand in brands
            if brand.contexts
            for term in brand.terms
            if term not in brand.clear
        }
        self._rules = [
            _Rule(term, self._brand.get(term), _latin(term[0]), _latin(term[-1]), contexts.get(term))
            for term in self._terms
        ]
        self._brands = [rule.brand for rule in self._rules]
        self._longest = (
            AhoCorasick(self._terms, matchkind=MatchKind.LeftmostLongest, implementation=Implementation.DFA)
            if self._terms
            else None
        )
        self._every = AhoCorasick(self._terms)
        self._knows = segmenter.knows

    def canonical(self, name: str) -> str:
        """The brand that somebody calls `name`; the name as it is, if nobody knows it."""
        return self._brand.get(" ".join(fold(name).split()), name)

    def find(
        self, texts: Sequence[str], cuts: Sequence[list[str]], wanted: Sequence[str] = ()
    ) -> dict[int, list[Hit]]:
        """Index of each text that names a brand → its hits, in order and without overlap.

        Args:
            texts: folded texts (none holds the unit separator).
            cuts: their tokens.
            wanted: for each text a brand to look for besides the monitored ones, as `canonical` gives it,
                or ""; may be left out. One that is in no profile is looked for as it is written.
        """
        found: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
        if self._longest is not None:
            joined = Joined.of(texts)
            for index, term, start, stop in joined.split(self._longest.find_matches_as_indexes(joined.text)):
                found[index].append((term, start, stop))
        hits: dict[int, list[Hit]] = {}
        monitored, brands = self._monitored, self.brands
        for index, candidates in found.items():
            if wanted and wanted[index]:
                continue
            if candidates[0][0] < monitored or min(candidates)[0] < monitored:
                chosen = self._chosen(texts[index], cuts[index], candidates)
                for hit in chosen:
                    if hit[2] in brands:
                        hits[index] = chosen
                        break
        for index, name in enumerate(wanted):
            if name:
                chosen = self._chosen(texts[index], cuts[index], found.get(index, []))
                chosen = self._asked(texts[index], chosen, name)
                if any(hit.brand == name or hit.brand in self.brands for hit in chosen):
                    hits[index] = chosen
        return dict(sorted(hits.items())) if wanted else hits

    def _chosen(self, text: str, tokens: list[str], candidates: list[tuple[int, int, int]]) -> list[Hit]:
        edges = list(accumulate(map(len, tokens), initial=0)) if len(candidates) > _FEW else None
        hits = []
        for match in candidates:
            number, start, stop = match
            brand = self._brands[number]
            if brand is None or not self._good(text, tokens, edges, match):
                return self._shorter(text, tokens)
            hits.append(Hit(start, stop, brand))
        return hits

    def _asked(self, text: str, hits: list[Hit], name: str) -> list[Hit]:
        """The hits together with those of a name that somebody asked for, as a dictionary word's part, too."""
        if any(hit.brand == name for hit in hits):
            return hits
        own: list[Hit] = []
        word = " ".join(fold(name).split())
        start = text.find(word) if word else -1
        while start >= 0:
            stop = start + len(word)
            if _whole(text, start, stop):
                own.append(Hit(start, stop, name))
            start = text.find(word, stop)
        others = [hit for hit in hits if all(hit.stop <= o.start or o.stop <= hit.start for o in own)]
        return sorted([*others, *own])

    def _shorter(self, text: str, tokens: list[str]) -> list[Hit]:
        """The hits of a text in which the longest match of some place is no hit, but a shorter one may be."""
        every = self._every.find_matches_as_indexes(text, overlapping=True)
        every.sort(key=lambda match: (match[1], -match[2]))
        edges = list(accumulate(map(len, tokens), initial=0))
        chosen: list[Hit] = []
        end = 0
        for match in every:
            term, start, stop = match
            if start < end:
                continue
            brand = self._rules[term].brand
            if brand is None:
                end = stop
            elif self._good(text, tokens, edges, match):
                chosen.append(Hit(start, stop, brand))
                end = stop
        return chosen

    def _good(
        self, text: str, tokens: list[str], edges: list[int] | None, match: tuple[int, int, int]
    ) -> bool:
        number, start, stop = match
        term, brand, opens, closes, context = self._rules[number]
        if brand is None:
            return False
        if (opens and start and _latin(text[start - 1])) or (
            closes and stop < len(text) and _latin(text[stop])
        ):
            return False
        # a word of its own that stands there once is inside of no other, and none holds a blank
        alone = edges is None and ((term in tokens and text.count(term) == 1) or " " in term)
        if not alone and self._inside(tokens, edges, term, start):
            return False
        return context is None or context(text, max(0, start - _NEAR), stop + _NEAR) is None

    def _inside(self, tokens: list[str], edges: list[int] | None, term: str, start: int) -> bool:
        """Whether one known word strictly contains the term at `start`."""
        if edges is None:
            edges = list(accumulate(map(len, tokens), initial=0))
        place = bisect_right(edges, start) - 1
        begin, end = edges[place], edges[place + 1]
        return start + len(term) <= end and end - begin > len(term) and self._knows(tokens[place])


def _whole(text: str, start: int, stop: int) -> bool:
    """Whether no Latin letter or digit is cut off at either end."""
    return not (
        (start and _latin(text[start]) and _latin(text[start - 1]))
        or (stop < len(text) and _latin(text[stop - 1]) and _latin(text[stop]))
    )


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
