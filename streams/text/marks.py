"""Words of a lexicon in a batch of texts: one automaton, one pass, the longest at each place."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

_BETWEEN = "\x1f"
"""Between two texts; folding drops it, so no text holds it."""


class Marks:
    """Finds words wherever they stand, also inside of longer ones.

    Args:
        words: folded words.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words = list(words)
        self._automaton = AhoCorasick(
            self.words, matchkind=MatchKind.LeftmostLongest, implementation=Implementation.DFA
        )

    def find(self, texts: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
        """Number of the text, number of the word, where it begins and ends in that text; in order."""
        begins = list(accumulate((len(text) + 1 for text in texts), initial=0))
        row, begin, end = -1, 0, 0
        for word, start, stop in self._automaton.find_matches_as_indexes(_BETWEEN.join(texts)):
            if start >= end:
                row = bisect_right(begins, start, row + 1) - 1
                begin, end = begins[row], begins[row + 1]
            yield row, word, start - begin, stop - begin
