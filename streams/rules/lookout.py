"""Which posts of a batch hold what some rule waits for, and which rules those are."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from streams.rules.fields import FIELDS, Columns
from streams.rules.glance import needle
from streams.rules.needed import Cost, guess, needed
from streams.rules.patterns import Regex, Regexes
from streams.rules.tree import Field, Leaf, Node, Pattern, Words, leaves
from streams.text.finder import Finder, Term
from streams.text.segment import Segmenter
from streams.text.track import BETWEEN, squeeze

SAMPLE = 2_000
"""Posts that are looked at once, to see which terms are rare where a matcher works."""

_PATTERN_COST = 300
"""Searching every text for patterns costs as much as so many candidates of a thousand posts."""

_EVASION_COST = 3
"""So much dearer is a term with evasions, which only the finder can look for."""


class Batch(NamedTuple):
    """Posts to match.

    Attributes:
        texts: as they came.
        folded: the same, folded.
        cuts: tokens of the folded texts.
        columns: their fields.
    """

    texts: Sequence[str]
    folded: Sequence[str]
    cuts: Sequence[list[str]]
    columns: Columns


class Lookout:
    """What every rule waits for, all in one place.

    Args:
        trees: rules by number.
        segmenter: the one that cuts the texts.
        cost: of what a rule may wait for, the rarest by this is chosen.
    """

    def __init__(self, trees: Mapping[int, Node], segmenter: Segmenter, cost: Cost) -> None:
        squeezed: defaultdict[str, set[int]] = defaultdict(set)
        verbatim: defaultdict[str, set[int]] = defaultdict(set)
        evading: defaultdict[Term, set[int]] = defaultdict(set)
        patterns: defaultdict[str, set[int]] = defaultdict(set)
        fields: defaultdict[Field, set[int]] = defaultdict(set)
        for index, tree in trees.items():
            for leaf in needed(tree, cost):
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
        self._evading = list(evading.values())
        self._finder = Finder(list(evading), segmenter) if evading else None
        self._patterns = list(patterns.values())
        self._regexes = Regexes.of(list(patterns)) if patterns else None
        self._fields = dict(fields)

    def candidates(self, batch: Batch, squeezed: Sequence[str]) -> dict[int, set[int]]:
        """Number of each post that holds what a rule waits for → those rules.

        Args:
            batch: the posts.
            squeezed: their squeezed texts.
        """
        found: defaultdict[int, set[int]] = defaultdict(set)
        for strings, texts in ((self._squeezed, squeezed), (self._verbatim, batch.folded)):
            for row, rules in strings.find(texts):
                found[row] |= rules
        if self._finder is not None:
            for row, hits in self._finder.find(batch.texts, batch.folded, batch.cuts).items():
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
        self._search = AhoCorasick(list(waiting)) if waiting else None

    def find(self, texts: Sequence[str]) -> Iterator[tuple[int, set[int]]]:
        """Number of a text and the rules that wait for a string in it, once for each occurrence."""
        if self._search is None:
            return
        ends = list(accumulate(len(text) + 1 for text in texts))
        row = 0
        # overlapping matches come by their ends, so the text at hand is never behind
        for number, start, _ in self._search.find_matches_as_indexes(BETWEEN.join(texts), overlapping=True):
            while ends[row] <= start:
                row += 1
            yield row, self._waiting[number]


def count(trees: Iterable[Node], batch: Batch) -> Cost:
    """How common every leaf is in the first posts of a batch."""
    folded = batch.folded[:SAMPLE]
    every = {leaf for tree in trees for leaf in leaves(tree)}
    sought = {leaf: needle(leaf.term) for leaf in every if isinstance(leaf, Words)}
    strings = Counter[tuple[str, bool]]()
    for inside, texts in ((True, squeeze(folded).squeezed.split(BETWEEN)), (False, folded)):
        wanted = {
            string: {number} for number, (string, where) in enumerate(sought.values()) if where == inside
        }
        names = {number: string for string, [number] in wanted.items()}
        met = {(row, number) for row, [number] in _Strings(wanted).find(texts)}
        strings.update((names[number], inside) for _, number in met)
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
