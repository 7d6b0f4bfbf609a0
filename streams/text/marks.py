"""Words of a lexicon in a batch of texts: one automaton, one pass, the longest at each place."""

from collections.abc import Iterable, Sequence

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from streams.text.joined import Joined


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

    def find(self, texts: Sequence[str]) -> Iterable[tuple[int, int, int, int]]:
        """Number of the text, number of the word, where it begins and ends in that text; in order."""
        joined = Joined.of(texts)
        return joined.split(self._automaton.find_matches_as_indexes(joined.text))
