"""Where rule terms stand in a batch of texts, however they were dressed up."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from streams.text.characters import Characters, load
from streams.text.disguise import Disguise
from streams.text.line import Line
from streams.text.normalise import fold
from streams.text.segment import Segmenter
from streams.text.sounds import sounds
from streams.text.strings import Strings
from streams.text.track import Track, letter, squeeze
from streams.text.variants import Pattern, lettered, literal, renamed, shaped, shortened, spaced, spoken
from streams.text.verify import MOST, Found, Hit, Sight, chosen, cut_off, verified
from streams.text.view import View

__all__ = ["Finder", "Found", "Literals", "Term"]

_BEFORE_PLUS = "+➕ "
"""What stands right before the rest of a term whose 加 is a plus sign."""

_ASCII = "\x80"
"""Below it is ASCII."""

_REMEMBERED = 100_000
"""Pieces of text of which it is remembered that they are no homophones."""


class Term(NamedTuple):
    """What a rule looks for.

    Attributes:
        text: as the user wrote it.
        phrase: the same characters wherever they stand; otherwise a word or a run of words.
        evasions: also homophones, pinyin, split characters and abbreviations.
    """

    text: str
    phrase: bool = False
    evasions: bool = False

    @property
    def folded(self) -> str:
        """The text as it is looked for."""
        return " ".join(fold(self.text).split())


class _Automaton:
    """Patterns by what they look for in one track."""

    def __init__(self, patterns: Iterable[tuple[str, Pattern]]) -> None:
        owners: defaultdict[str, dict[Pattern, None]] = defaultdict(dict)
        for key, pattern in patterns:
            owners[key][pattern] = None
        self.owners = [tuple(group) for group in owners.values()]
        self.shown = [tuple({_shown(pattern): None for pattern in group}) for group in self.owners]
        self.find = Strings(owners).find


class Finder:
    """One automaton over the squeezed batch and one over its sound propose, a look at each place decides.

    Args:
        terms: what to look for; `Found.term` counts them.
        segmenter: the one that cuts the texts.
        counted: the terms whose tokens are counted, all when left out; `first` and `last` of others are 0.
        characters: what is known of characters; the shipped lexicon when left out.
    """

    def __init__(
        self,
        terms: Sequence[Term],
        segmenter: Segmenter,
        counted: Collection[Term] | None = None,
        characters: Characters | None = None,
    ) -> None:
        self._phrase = [term.phrase for term in terms]
        self._counted = [counted is None or term in counted for term in terms]
        self._segmenter = segmenter
        if characters is None:
            characters = _shipped()
        self._disguise = Disguise(segmenter, characters)
        squeezed: list[tuple[str, Pattern]] = []
        verbatim: list[tuple[str, Pattern]] = []
        heard: list[tuple[str, Pattern]] = []
        for number, term in enumerate(terms):
            text = term.folded
            patterns = _plain(number, text)
            if term.evasions:
                patterns += spaced(number, text)
                patterns += renamed(number, text, characters)
                for way, plus in _ways(text):
                    patterns += [literal(number, way, "homophone", plus=True, given=True)] if plus else []
                    patterns += shortened(number, way, characters, plus=plus)
                    patterns += shaped(number, way, characters, plus=plus)
                    heard += [(pattern.units, pattern) for pattern in spoken(number, way, characters, plus)]
            for pattern in patterns:
                sought, inside = _sought(pattern)
                (squeezed if inside else verbatim).append((sought, pattern))
        self._squeezed, self._verbatim, self._heard = map(_Automaton, (squeezed, verbatim, heard))
        self._chances: dict[tuple[int, str], tuple[Pattern, ...]] = {}

    def find(
        self,
        texts: Sequence[str],
        folded: Sequence[str],
        cuts: Sequence[list[str]],
        track: Track | None = None,
        wanted: Sequence[Collection[int]] | None = None,
    ) -> dict[int, list[Found]]:
        """Index of each text that holds a term → its occurrences, by start and term.

        Args:
            texts: the original texts.
            folded: the same, folded.
            cuts: the tokens of the folded texts.
            track: the folded texts squeezed, where that is done already.
            wanted: for each text the numbers of the terms to find in it; all when left out.
        """
        found: dict[int, list[Found]] = {}
        for index, sights in sorted(self._sights(track or squeeze(folded)).items()):
            line = Line(texts[index], folded[index], cuts[index], self._segmenter)
            hits: defaultdict[int, list[Hit]] = defaultdict(list)
            for sight in sights[:MOST]:
                term = sight.pattern.term
                if wanted is not None and term not in wanted[index]:
                    continue
                if hit := verified(line, sight, self._disguise, self._phrase[term]):
                    hits[term].append(hit)
            if hits:
                found[index] = [
                    one
                    for term, some in hits.items()
                    for one in chosen(line, term, some, counted=self._counted[term])
                ]
                found[index].sort(key=attrgetter("start", "term"))
        return found

    def _sights(self, track: Track) -> dict[int, list[Sight]]:
        """Text → what to look at in it."""
        sights: defaultdict[int, list[Sight]] = defaultdict(list)
        joined, squeezed, places, begins, _ = track
        for group, first, last in self._squeezed.find(squeezed):
            start, stop = places[first], places[last - 1] + 1
            patterns = self._squeezed.owners[group]
            units = squeezed[first:last]
            if not _may_stand(self._squeezed.shown[group], units, joined, start, stop):
                continue
            index = bisect_right(begins, start) - 1
            begin = begins[index]
            added = joined[start - 1] in _BEFORE_PLUS
            sights[index] += [
                Sight(pattern, start - begin, stop - begin, units)
                for pattern in patterns
                if added or not pattern.plus
            ]
        for group, start, stop in self._verbatim.find(joined):
            index = bisect_right(begins, start) - 1
            begin = begins[index]
            sights[index] += [
                Sight(pattern, start - begin, stop - begin, "") for pattern in self._verbatim.owners[group]
            ]
        if not self._heard.owners:
            return sights
        for group, first, last in self._heard.find(track.sound(sounds().table)):
            start, stop = places[first], places[last - 1] + 1
            piece = joined[start:stop]
            chances = self._chances.get((group, piece))
            if chances is None:
                chances = self._chance(group, piece, squeezed[first:last])
            if not chances or cut_off(joined, start, stop):
                continue
            index = bisect_right(begins, start) - 1
            begin = begins[index]
            units = squeezed[first:last]
            sights[index] += [Sight(pattern, start - begin, stop - begin, units) for pattern in chances]
        return sights

    def _chance(self, group: int, piece: str, units: str) -> tuple[Pattern, ...]:
        """The patterns of a group that a piece of text may be, remembered while there is room."""
        patterns = self._heard.owners[group]
        patterns = tuple(pattern for pattern in patterns if self._disguise.chance(pattern, piece, units))
        if len(self._chances) >= _REMEMBERED:
            self._chances.clear()
        self._chances[group, piece] = patterns
        return patterns


class Literals:
    """Terms without evasions, each looked for in one text when it is asked for.

    Args:
        terms: what to look for; those with evasions are never found.
        segmenter: the one that cuts the texts.
        counted: the terms whose tokens are counted; `first` and `last` of others are 0.
        characters: what is known of characters; the shipped lexicon when left out.
    """

    def __init__(
        self,
        terms: Sequence[Term],
        segmenter: Segmenter,
        counted: Collection[Term],
        characters: Characters | None = None,
    ) -> None:
        self._disguise = Disguise(segmenter, _shipped() if characters is None else characters)
        self._phrase = [term.phrase for term in terms]
        self._counted = [term in counted for term in terms]
        self._sought = [
            [] if term.evasions else [(p, *_sought(p), _shown(p)) for p in _plain(number, term.folded)]
            for number, term in enumerate(terms)
        ]

    def find(self, number: int, view: View) -> list[Found]:
        """The occurrences of a term in a text, as `Finder` finds them."""
        hits = []
        phrase = self._phrase[number]
        for pattern, sought, inside, shown in self._sought[number]:
            text = view.squeezed if inside else view.folded
            if sought not in text or (len(sought) == 1 and shown not in view.folded):
                continue
            for place in _occurrences(sought, text):
                start, stop = place, place + len(sought)
                if inside:
                    start, stop = view.place(start, stop)
                    if not _may_stand((shown,), sought, view.folded, start, stop):
                        continue
                sight = Sight(pattern, start, stop, sought if inside else "")
                if hit := verified(view.line, sight, self._disguise, phrase):
                    hits.append(hit)
        return chosen(view.line, number, hits, counted=self._counted[number]) if hits else []


def _occurrences(sought: str, text: str) -> list[int]:
    """Where a string stands in a text; its occurrences may overlap."""
    starts: list[int] = []
    start = text.find(sought)
    while start >= 0 and len(starts) < MOST:
        starts.append(start)
        start = text.find(sought, start + 1)
    return starts


def _plain(number: int, text: str) -> list[Pattern]:
    """A term as it is written, for symbols and repeats within."""
    return [literal(number, text), *lettered(number, text)] if text else []


def _sought(pattern: Pattern) -> tuple[str, bool]:
    """What to look for, and whether in the squeezed text: symbols at an end are not in it."""
    name = pattern.text
    inside = not name or bool(pattern.units and letter(name[0]) and letter(name[-1]))
    return (pattern.units, True) if inside else (name, False)


def _may_stand(shown: tuple[str, ...], units: str, text: str, start: int, stop: int) -> bool:
    """Whether a place in a text is worth a look: most single units are not, and most parts of Latin words."""
    if len(units) == 1 and not text.startswith(shown, start):
        return False
    return not ((units[0] < _ASCII or units[-1] < _ASCII) and cut_off(text, start, stop))


def _shown(pattern: Pattern) -> str:
    """What at least stands where a pattern of one unit is."""
    return pattern.text or pattern.units * pattern.runs[0]


def _ways(text: str) -> list[tuple[str, bool]]:
    """What to look for in other dress: the term, and what follows 加 behind a plus sign."""
    return [(text, False)] + [(text[1:], True)] * (len(text) > 1 and text[0] == "加")


def _shipped() -> Characters:
    package = Path(__file__).parents[1]
    packed = package / "_shipped" / "lexicons"
    return load(
        (packed if packed.is_dir() else package.parent / "lexicons") / "characters" / "characters.toml"
    )
