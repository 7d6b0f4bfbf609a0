"""The hybrid engine: n-grams and lexicon rule, mixed by a few weights that `calibrate` can fit to a domain.

Two questions are asked of each text: which way does it lean, and does it state an opinion at all? Each is
answered by a weighted sum of features; their product decides.
"""

from typing import NamedTuple

import numpy as np

from streams.text.sentiment.base import Cuts, Scores, Texts, lay
from streams.text.sentiment.ngrams import Evidence, Ngrams
from streams.text.sentiment.rule import Rule

LEANING = ("one", "polarity", "rule", "balance")
OPINION = ("one", "subjectivity", "polarity_size", "rule_size", "silent", "question", "news", "length")


_STATED = 0.6
"""To say that something is not so is an opinion, however plain its words: what a text of negations gains."""
_BLIND, _TRUSTED, _SHORT = 0.9, 0.75, 12
"""N-grams see 卡顿 and miss 没有 in front of it: in a text of up to 12 characters they lose the first share of
their say, and the rule, which sees both, gains the second."""


class Features(NamedTuple):
    """What the two sums are made of, one entry for each text.

    Attributes:
        one: 1.
        polarity: what the n-grams lean to, less so where opinions are negated.
        rule: what the lexicon rule leans to, squashed into ±1; more so where opinions are negated.
        balance: -1 all its opinions are negative … 1 all are positive.
        subjectivity: above 0 the n-grams are those of an opinion.
        polarity_size: |polarity|.
        rule_size: |rule|.
        silent: 1 when the lexicon finds no opinion.
        question: 1 when all that is said is asked, ½ when a part is.
        news: 1 for news, plans and facts, ½ beside an opinion.
        length: log of the number of characters, 0 at about forty.
    """

    one: Scores
    polarity: Scores
    rule: Scores
    balance: Scores
    subjectivity: Scores
    polarity_size: Scores
    rule_size: Scores
    silent: Scores
    question: Scores
    news: Scores
    length: Scores


class Mix(NamedTuple):
    """Weights of the features and where neutral ends.

    Attributes:
        leaning: weights of `LEANING`: log odds of positive against negative.
        opinion: weights of `OPINION`: log odds of an opinion against none.
        threshold: p(opinion) · (2 p(positive) - 1) at which neutral ends.
        steepness: how fast a label becomes certain beyond that.
    """

    leaning: tuple[float, ...]
    opinion: tuple[float, ...]
    threshold: float
    steepness: float


DEFAULT = Mix(
    leaning=(0.0, 2.25, 1.75, 0.0),
    opinion=(1.0, 1.0, 0.0, 0.0, -1.5, -2.5, -2.0, 0.0),
    threshold=0.18,
    steepness=3.5,
)
"""Set by hand in round numbers, for no domain in particular."""


class Hybrid:
    """N-grams and lexicon rule together.

    Args:
        rule: our lexicon.
        ngrams: the n-gram model; None leaves the rule alone.
        mix: how they are mixed.
        own: n-grams of the user's own domain, added to both sums.
    """

    def __init__(
        self, rule: Rule, ngrams: Ngrams | None = None, mix: Mix = DEFAULT, own: Ngrams | None = None
    ) -> None:
        self._rule = rule
        self._ngrams = ngrams
        self._mix = mix
        self._own = own

    def fitted(self, mix: Mix, own: Ngrams) -> "Hybrid":
        """The same engine with another mix and a domain's own n-grams."""
        return Hybrid(self._rule, self._ngrams, mix, own)

    def judge(self, texts: Texts, cuts: Cuts) -> Scores:
        """The leaning of each text, -1…1."""
        leaning, opinion = sums(self.features(texts, cuts), self._mix)
        if self._own is not None:
            own = self._own.read(texts)
            leaning, opinion = leaning + own.polarity, opinion + own.subjectivity
        return lay(strength(leaning, opinion), self._mix.threshold, self._mix.steepness)

    def features(self, texts: Texts, cuts: Cuts) -> Features:
        """What the engine knows of each text."""
        read = self._rule.read(texts, cuts)
        if self._ngrams is None:
            nothing = np.zeros(len(texts))
            evidence = Evidence(nothing, nothing)
        else:
            evidence = self._ngrams.read(texts)
        lengths = np.fromiter(map(len, map(str.strip, texts)), float, len(texts))
        opinions = read.good + read.bad
        turned = read.turned / np.maximum(opinions, 1) * np.minimum(1, _SHORT / np.maximum(lengths, 1))
        polarity = (lengths > 0) * evidence.polarity * (1 - _BLIND * turned)
        rule = read.lean / (2 + np.abs(read.lean)) * (1 + _TRUSTED * turned)
        return Features(
            one=np.ones(len(texts)),
            polarity=polarity,
            rule=rule,
            balance=(read.good - read.bad) / np.maximum(opinions, 1),
            subjectivity=evidence.subjectivity + _STATED * turned,
            polarity_size=np.abs(polarity),
            rule_size=np.abs(rule),
            silent=(opinions == 0).astype(float),
            question=read.asked,
            news=(read.news > 0) / np.where(opinions > 0, 2, 1),
            length=np.log1p(lengths) / 2 - 2,
        )


def sums(features: Features, mix: Mix) -> tuple[Scores, Scores]:
    """Log odds of positive, and of an opinion. Added column by column: a matrix product may round otherwise."""
    leaning, opinion = np.zeros((2, len(features.one)))
    for name, weight in zip(LEANING, mix.leaning, strict=True):
        leaning += weight * getattr(features, name)
    for name, weight in zip(OPINION, mix.opinion, strict=True):
        opinion += weight * getattr(features, name)
    return leaning, opinion


def strength(leaning: Scores, opinion: Scores) -> Scores:
    """p(opinion) · (2 p(positive) - 1), in -1…1."""
    product: Scores = np.tanh(leaning / 2) * (0.5 + 0.5 * np.tanh(opinion / 2))
    return product
