"""Which posts of a batch hold what some rule waits for, and which rules those are."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from streams.rules.fields import FIELDS, Columns
from streams.rules.glance import Glance, glance, needle
from streams.rules.needed import Cost, guess, needed
from streams.rules.patterns import Regex, Regexes
from streams.rules.posts import Batch
from streams.rules.tree import Field, Leaf, Node, Pattern, Words, leaves
from streams.text.finder import Finder, Found, Term
from streams.text.strings import Strings
from streams.text.track import Track, squeeze

SAMPLE = 2_000
"""Posts that are looked at once, to see which terms are rare where a matcher works."""

_PATTERN_COST = 300
"""Searching every text for patterns costs as much as so many candidates of a thousand posts."""

_EVASION_COST = 3
"""So much dearer is a term with evasions, which only the finder can look for."""


class Candidate(NamedTuple):
    """A post that some rules may match.

    Attributes:
        row: its number in the batch.
        rules: those rules.
        evasions: the occurrences of terms with evasions that were waited for.
    """

    row: int
    rules: list[int]
    evasions: list[Found]


class Lookout:
    """What every rule waits for, all in one place.

    Args:
        trees: rules by number.
        finder: makes a finder of terms with evasions.
        cost: of what a rule may wait for, the rarest by this is chosen.

    Attributes:
        evading: the terms with evasions that are waited for; `Candidate.evasions` counts them.
    """

    def __init__(
        self, trees: Mapping[int, Node], finder: Callable[[Sequence[Term]], Finder], cost: Cost
    ) -> None:
        squeezed: defaultdict[str, set[int]] = defaultdict(set)
        verbatim: defaultdict[str, set[int]] = defaultdict(set)
        evading: defaultdict[Term, set[int]] = defaultdict(set)
        patterns: defaultdict[str, set[int]] = defaultdict(set)
        fields: defaultdict[Field, set[int]] = defaultdict(set)
        self._glances: dict[int, Glance | None] = {}
        for index, tree in trees.items():
            waited = needed(tree, cost)
            self._glances[index] = glance(tree, waited)
            for leaf in waited:
                if isinstance(leaf, Pattern):
                    patterns[leaf.source].add(index)
                elif isinstance(leaf, Field):
                    fields[leaf].add(index)
                elif leaf.term.evasions:
                    evading[leaf.term].add(index)
                else:
                    sought, inside = needle(leaf.term)
                    (squeezed if inside else verbatim)[sought].add(index)
        self._squeezed = _Strings(squeezed)
        self._verbatim = _Strings(verbatim)
        self.evading = list(evading)
        self._evading = list(evading.values())
        self._finder = finder(self.evading) if evading else None
        self._patterns = list(patterns.values())
        self._regexes = Regexes.of(list(patterns)) if patterns else None
        self._fields = dict(fields)

    def candidates(self, batch: Batch, track: Track) -> Iterator[Candidate]:
        """The posts that hold what rules wait for and pass a look at the rest.

        Args:
            batch: the posts.
            track: their texts, squeezed.
        """
        evasions: dict[int, list[Found]] = {}
        if self._finder is not None:
            evasions = self._finder.find(batch.texts, batch.folded, batch.cuts, track)
        glances, squeezed, firsts = self._glances, track.squeezed, track.firsts
        for row, waiting in self._waiting(batch, track, evasions).items():
            text = squeezed[firsts[row] : firsts[row + 1] - 1]
            rules = [rule for rule in waiting if (look := glances[rule]) is None or look(text, batch, row)]
            if rules:
                yield Candidate(row, rules, evasions.get(row, []))

    def _waiting(
        self, batch: Batch, track: Track, evasions: Mapping[int, Sequence[Found]]
    ) -> Mapping[int, set[int]]:
        """Number of each post that holds what a rule waits for → those rules."""
        found: defaultdict[int, set[int]] = defaultdict(set)
        self._squeezed.find(track.squeezed, track.firsts, found)
        self._verbatim.find(track.joined, track.begins, found)
        for row, hits in evasions.items():
            for hit in hits:
                found[row] |= self._evading[hit.term]
        if self._regexes is not None:
            for row, text in enumerate(batch.folded):
                for number in self._regexes.holding(text):
                    found[row] |= self._patterns[number]
        for field, waiting in self._fields.items():
            for row in _rows(field, batch.columns):
                found[row] |= waiting
        return found


class _Strings:
    """Strings, each with the rules that wait for it."""

    def __init__(self, waiting: Mapping[str, set[int]]) -> None:
        self._waiting = list(waiting.values())
        self._strings = Strings(waiting)

    def find(self, text: str, begins: Sequence[int], found: defaultdict[int, set[int]]) -> None:
        """Add the rules that wait for a string to every text that holds it.

        Args:
            text: all texts joined.
            begins: where each of them begins.
            found: number of a text → rules.
        """
        row = end = 0
        for number, start, _ in self._strings.find(text):
            if start >= end:  # they come by their ends: no text comes again
                row = bisect_right(begins, start, row) - 1
                end = begins[row + 1]
                rules = found[row]
            rules |= self._waiting[number]


def count(trees: Iterable[Node], batch: Batch) -> Cost:
    """How common every leaf is in the first posts of a batch."""
    folded = batch.folded[:SAMPLE]
    track = squeeze(folded)
    every = {leaf for tree in trees for leaf in leaves(tree)}
    sought = {leaf: needle(leaf.term) for leaf in every if isinstance(leaf, Words)}
    strings = Counter[tuple[str, bool]]()
    for inside, text, begins in (
        (True, track.squeezed, track.firsts),
        (False, track.joined, track.begins),
    ):
        wanted = {
            string: {number} for number, (string, where) in enumerate(sought.values()) if where == inside
        }
        names = {number: string for string, [number] in wanted.items()}
        met: defaultdict[int, set[int]] = defaultdict(set)
        _Strings(wanted).find(text, begins, met)
        strings.update((names[number], inside) for numbers in met.values() for number in numbers)
    counts: dict[Leaf, float] = {}
    for leaf in every:
        if isinstance(leaf, Words):
            counts[leaf] = strings[sought[leaf]] * (_EVASION_COST if leaf.term.evasions else 1)
        elif isinstance(leaf, Field):
            counts[leaf] = sum(row < SAMPLE for row in _rows(leaf, batch.columns))
        else:
            counts[leaf] = sum(map(Regex(leaf.source).holds, folded)) + _PATTERN_COST * SAMPLE / 1_000

    def cost(leaf: Leaf) -> float:
        # what was not met may still be met, a short term sooner than a long one
        return counts[leaf] * 1_000 / SAMPLE + guess(leaf) / 1_000

    return cost


def _rows(field: Field, columns: Columns) -> Sequence[int]:
    """The posts of which a condition on a field is true."""
    if field.value is None:
        low, high = field.low, field.high
        return [
            row
            for row, number in enumerate(columns.numbers(field.name))
            if number is not None and low <= number <= high
        ]
    if FIELDS[field.name].kind == "contains":
        wanted = field.value
        return [
            row
            for row, values in enumerate(columns.values(field.name, field.brand))
            if values and any(wanted in value for value in values)
        ]
    return columns.rows(field.name, field.brand, field.value)
