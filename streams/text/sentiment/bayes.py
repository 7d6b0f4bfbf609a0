"""SnowNLP's Bayes trained anew on our words, together with our own lexicon rule."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from math import log

import numpy as np

from streams.text.sentiment.base import Scores
from streams.text.sentiment.rule import Rule

_BAYES = 0.35
_RULE = 1.0


class Bayes:
    """Naive Bayes over tokens, mixed with the lexicon rule by fixed weights.

    Args:
        weights: token → log odds of positive against negative, as `train` gives them.
        rule: our lexicon.
    """

    def __init__(self, weights: Mapping[str, float], rule: Rule) -> None:
        self._weights = weights
        self._rule = rule

    def judge(self, texts: Sequence[str], cuts: Sequence[list[str]]) -> Scores:
        """The leaning of each text, -1…1."""
        if not texts:
            return np.zeros(0)
        weight = self._weights.get
        nothing = repeat(0.0)
        odds = np.array([sum(map(weight, tokens, nothing)) for tokens in cuts])
        lengths = np.fromiter(map(len, cuts), float, len(cuts))
        lean, trust = map(np.array, zip(*self._rule.read(self._rule.signatures(texts, cuts)), strict=True))
        learned = odds / np.sqrt(lengths + 1)
        scores: Scores = np.tanh(trust * (_BAYES * learned + _RULE * np.tanh(lean / 2)))
        return scores


def train(negative: Iterable[list[str]], positive: Iterable[list[str]]) -> dict[str, float]:
    """Token → log odds, add-one smoothed as SnowNLP smooths; words met once tell nothing and are left out."""
    bad = Counter(token for tokens in negative for token in tokens)
    good = Counter(token for tokens in positive for token in tokens)
    known = bad.keys() | good.keys()
    balance = log((bad.total() + len(known)) / (good.total() + len(known)))
    return {
        token: round(log((good[token] + 1) / (bad[token] + 1)) + balance, 3)
        for token in sorted(known)
        if good[token] + bad[token] > 1
    }
