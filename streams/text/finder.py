"""Where rule terms stand in a batch of texts, however they were dressed up."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from streams.text.characters import Characters, load
from streams.text.disguise import Disguise, asked
from streams.text.line import Line, Span, latin
from streams.text.normalise import fold
from streams.text.segment import Segmenter
from streams.text.sounds import sounds
from streams.text.track import Track, letter, squeeze
from streams.text.variants import Pattern, literal, renamed, shaped, shortened, spaced, spoken

_RANK = {"": 0, "inserted": 1, "repeated": 2, "split": 3, "pinyin": 4, "homophone": 5, "abbreviation": 6}
"""Of two readings of one place the plainer one counts."""

_BEFORE_PLUS = "+➕ "
"""What stands right before the rest of a term whose 加 is a plus sign."""

_ASCII = "\x80"
"""Below it is ASCII."""

_place = attrgetter("start", "stop")

_MOST = 10_000
"""Places of one text that are looked at: more are in no text that anybody reads."""

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


class _Hit(NamedTuple):
    rank: int
    start: int
    stop: int
    variant: str


class _Sight(NamedTuple):
    """A pattern to look at: its place in the text, the end of its last unit, its units as written."""

    pattern: Pattern
    start: int
    stop: int
    units: str


class _Automaton:
    """Patterns by what they look for in one track."""

    def __init__(self, patterns: Iterable[tuple[str, Pattern]]) -> None:
        owners: defaultdict[str, dict[Pattern, None]] = defaultdict(dict)
        for key, pattern in patterns:
            owners[key][pattern] = None
        self.owners = [tuple(group) for group in owners.values()]
        self._search = AhoCorasick(list(owners)) if owners else None

    def find(self, text: str) -> list[tuple[int, int, int]]:
        """Number of the group, start and stop of everything found."""
        return self._search.find_matches_as_indexes(text, overlapping=True) if self._search else []


class Finder:
    """One automaton over the squeezed batch and one over its sound propose, a look at each place decides.

    Args:
        terms: what to look for; `Found.term` counts them.
        segmenter: the one that cuts the texts.
        characters: what is known of characters; the shipped lexicon when left out.
    """

    def __init__(
        self, terms: Sequence[Term], segmenter: Segmenter, characters: Characters | None = None
    ) -> None:
        self._phrase = [term.phrase for term in terms]
        self._folded = [" ".join(fold(term.text).split()) for term in terms]
        self._segmenter = segmenter
        if (
            characters is None
        ):  # also where no term asks for evasions: one term must not change another's hits
            characters = load(_shipped())
        self._disguise = Disguise(segmenter, characters)
        squeezed: list[tuple[str, Pattern]] = []
        verbatim: list[tuple[str, Pattern]] = []
        heard: list[tuple[str, Pattern]] = []
        for number, (term, text) in enumerate(zip(terms, self._folded, strict=True)):
            patterns = [literal(number, text)] if text else []
            if term.evasions:
                patterns += spaced(number, text)
                patterns += renamed(number, text, characters)
                for way, plus in _ways(text):
                    patterns += [literal(number, way, "homophone", plus=True, given=True)] if plus else []
                    patterns += shortened(number, way, characters, plus=plus)
                    patterns += shaped(number, way, characters, plus=plus)
                    heard += [(pattern.units, pattern) for pattern in spoken(number, way, characters, plus)]
            for pattern in patterns:
                if (name := pattern.text) and not (pattern.units and letter(name[0]) and letter(name[-1])):
                    verbatim.append((name, pattern))
                else:
                    squeezed.append((pattern.units, pattern))
        self._squeezed, self._verbatim, self._heard = map(_Automaton, (squeezed, verbatim, heard))
        self._chances: dict[tuple[int, str], tuple[Pattern, ...]] = {}

    def find(
        self, texts: Sequence[str], folded: Sequence[str], cuts: Sequence[list[str]]
    ) -> dict[int, list[Found]]:
        """Index of each text that holds a term → its occurrences, by start and term.

        Args:
            texts: the original texts.
            folded: the same, folded.
            cuts: the tokens of the folded texts.
        """
        found: dict[int, list[Found]] = {}
        for index, sights in sorted(self._sights(squeeze(folded)).items()):
            line = Line(texts[index], folded[index], cuts[index], self._segmenter)
            hits: defaultdict[int, list[_Hit]] = defaultdict(list)
            for sight in sights[:_MOST]:
                if hit := self._look(line, sight):
                    hits[sight.pattern.term].append(hit)
            if hits:
                found[index] = _chosen(line, hits)
        return found

    def _sights(self, track: Track) -> dict[int, list[_Sight]]:
        """Text → what to look at in it."""
        sights: defaultdict[int, list[_Sight]] = defaultdict(list)
        begins, joined, squeezed = track.begins, track.joined, track.squeezed
        places = memoryview(track.places.data)  # gives plain numbers, and faster than the array
        for group, first, last in self._squeezed.find(squeezed):
            start, stop = places[first], places[last - 1] + 1
            patterns = self._squeezed.owners[group]
            if last - first == 1 and not any(
                joined.startswith(_shown(pattern), start) for pattern in patterns
            ):
                continue
            units = squeezed[first:last]
            if (units[0] < _ASCII or units[-1] < _ASCII) and _cut_off(joined, start, stop):
                continue
            index = bisect_right(begins, start) - 1
            begin = begins[index]
            added = joined[start - 1] in _BEFORE_PLUS
            sights[index] += [
                _Sight(pattern, start - begin, stop - begin, units)
                for pattern in patterns
                if added or not pattern.plus
            ]
        for group, start, stop in self._verbatim.find(joined):
            index = bisect_right(begins, start) - 1
            begin = begins[index]
            sights[index] += [
                _Sight(pattern, start - begin, stop - begin, "") for pattern in self._verbatim.owners[group]
            ]
        if not self._heard.owners:
            return sights
        for group, first, last in self._heard.find(track.sound(sounds().table)):
            start, stop = places[first], places[last - 1] + 1
            piece = joined[start:stop]
            chances = self._chances.get((group, piece))
            if chances is None:
                chances = self._chance(group, piece, squeezed[first:last])
            if not chances or _cut_off(joined, start, stop):
                continue
            index = bisect_right(begins, start) - 1
            begin = begins[index]
            units = squeezed[first:last]
            sights[index] += [_Sight(pattern, start - begin, stop - begin, units) for pattern in chances]
        return sights

    def _chance(self, group: int, piece: str, units: str) -> tuple[Pattern, ...]:
        """The patterns of a group that a piece of text may be, remembered while there is room."""
        patterns = self._heard.owners[group]
        patterns = tuple(pattern for pattern in patterns if self._disguise.chance(pattern, piece, units))
        if len(self._chances) >= _REMEMBERED:
            self._chances.clear()
        self._chances[group, piece] = patterns
        return patterns

    def _look(self, line: Line, sight: _Sight) -> _Hit | None:
        pattern, start, stop, units = sight
        if not units:
            if line.whole(start, stop) and not (pattern.contact and not asked(line, start, stop)):
                return _Hit(_RANK[pattern.variant], start, stop, pattern.variant)
            return None
        text = line.text
        if text.startswith(pattern.text, start) and not pattern.variant:
            end = start + len(pattern.text)
            if text[end : end + 1] != text[end - 1]:
                return _Hit(0, start, end, "") if self._fits(line, pattern, start) else None
        if stop - start == len(units) and text[stop : stop + 1] != text[stop - 1]:
            span: Span | None = Span(start, stop, units, (1,) * len(units), {})
        else:
            span = line.read(start, units, pattern.runs[-1])
        if pattern.variant or len(units) > 1:
            begin = self._disguise.begin(line, pattern, span) if span else None
            if span and begin is not None and (pattern.variant or text[start : span.stop] != pattern.text):
                variant = pattern.variant
                if not variant:
                    variant = "inserted" if span.gaps else "repeated" if span.runs != pattern.runs else ""
                return _Hit(_RANK[variant], begin, span.stop, variant)
        if not pattern.variant:
            end = span.stop if span else stop + len(pattern.text)
            while (start := text.find(pattern.text, start, end)) >= 0:
                if self._fits(line, pattern, start):
                    return _Hit(0, start, start + len(pattern.text), "")
                start += 1
        return None

    def _fits(self, line: Line, pattern: Pattern, start: int) -> bool:
        """Whether the term as written stands here as a word, a run of words, or in a guessed word."""
        stop = start + len(pattern.text)
        if not line.whole(start, stop):
            return False
        return self._phrase[pattern.term] or line.stands(start, stop)


def _shown(pattern: Pattern) -> str:
    """What at least stands where a pattern of one unit is."""
    return pattern.text or pattern.units * pattern.runs[0]


def _ways(text: str) -> list[tuple[str, bool]]:
    """What to look for in other dress: the term, and what follows 加 behind a plus sign."""
    return [(text, False)] + [(text[1:], True)] * (len(text) > 1 and text[0] == "加")


def _cut_off(text: str, start: int, stop: int) -> bool:
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


def _chosen(line: Line, hits: dict[int, list[_Hit]]) -> list[Found]:
    """Of the hits of a term that overlap, the plainest and then the longest."""
    chosen = []
    for term, candidates in hits.items():
        taken: list[_Hit] = []
        for hit in sorted(candidates, key=_place) if len(candidates) > 1 else candidates:
            if not taken or hit.start >= taken[-1].stop:
                taken.append(hit)
            elif (hit.rank, hit.start - hit.stop) < (taken[-1].rank, taken[-1].start - taken[-1].stop):
                taken[-1] = hit
        for hit in taken:
            start, stop = line.original(hit.start, hit.stop)
            first, last = line.numbers(hit.start, hit.stop)
            variant = hit.variant or ("inserted" if stop - start > hit.stop - hit.start else "")
            chosen.append(Found(term, start, stop, first, last, variant))
    chosen.sort(key=attrgetter("start", "term"))
    return chosen


def _shipped() -> Path:
    package = Path(__file__).parents[1]
    packed = package / "_shipped" / "lexicons"
    return (packed if packed.is_dir() else package.parent / "lexicons") / "characters" / "characters.toml"
