"""How likely Chinese is as it stands: by the frequencies of jieba's own dictionary, without any user words."""

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import accumulate
from math import log

import rjieba

_WORDS = log(60_101_967)
"""All words of the corpus that the dictionary counts."""

_MONITORED = 50
"""A word that a rule looks for is at least as common as this, whatever the dictionary says."""


@cache
def _plain() -> rjieba.Jieba:
    """Built when first asked for: few batches hold anything doubtful."""
    return rjieba.Jieba()


@lru_cache(maxsize=65_536)
def frequency(text: str) -> int:
    """How often the dictionary's corpus of 60 million words holds the text, or would by chance; at least 1."""
    return int(_plain().suggest_freq(text))


def known(word: str) -> bool:
    """Whether it is a word of jieba's own dictionary."""
    return bool(_plain().has_word(word))


def pieces(text: str) -> Sequence[str]:
    """The dictionary words that the text is most likely made of."""
    return _plain().cut(text, False) if text else ()


@lru_cache(maxsize=65_536)
def inner(word: str) -> tuple[frozenset[int], frozenset[int]]:
    """Where words of two characters and more begin and end within a word that only users know (想退货)."""
    stops = list(accumulate(map(len, words := pieces(word))))
    sizes = list(zip(stops, map(len, words), strict=True))
    return (
        frozenset(stop - size for stop, size in sizes if size > 1),
        frozenset(stop for stop, size in sizes if size > 1),
    )


@lru_cache(maxsize=65_536)
def likelihood(text: str) -> float:
    """The logarithm of the probability of the likeliest words of the text, short of the same for every text."""
    return sum(log(frequency(piece)) - _WORDS for piece in pieces(text))


def gain(before: str, written: str, term: str, after: str) -> float:
    """How much likelier the surroundings are with the term than as they are written, as a logarithm.

    Args:
        before: what stands before the place.
        written: what stands there.
        term: what would stand there; taken for a word, unless it is made of others (质量差).
        after: what stands behind.
    """
    word = likelihood(term)
    if max(map(len, pieces(term))) in (1, len(term)):
        word = max(word, log(_MONITORED) - _WORDS)
    return likelihood(before) + word + likelihood(after) - likelihood(before + written + after)
