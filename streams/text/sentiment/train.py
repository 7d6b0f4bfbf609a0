"""Training of the n-gram weights: the same inputs give the same weights, bit for bit, on every machine.

Only additions, multiplications, divisions, square roots and comparisons of doubles are used, in a fixed order
(the loss is a squared hinge, so there is no exp; sums run through bincount, one after the other, never through
BLAS). IEEE 754 rounds each of them alike everywhere; rounding to int8 leaves five orders of magnitude to spare.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from math import fsum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from streams.text.lexicons import Entry
from streams.text.normalise import normalise
from streams.text.sentiment.base import Scores, Texts
from streams.text.sentiment.ngrams import BUCKETS, STEP, Weights, grams
from streams.text.sentiment.rule import LATENT, RHETORIC

LABELS = {"pos": 1.0, "neg": -1.0, "fact": 0.0}
_ROUNDS = 80
_PENALTY = 0.4
_RARE = 3
_COPIES = 24
_SENTENCE_END = re.compile("[。！!；;…~～\n?？]+")


class Material(NamedTuple):
    """What is learnt from; texts need not be folded.

    Attributes:
        positive: reviews with a positive verdict.
        negative: reviews with a negative verdict.
        news: sentences of newspapers.
        lexicon: our own words.
        sentences: our own templates: label → templates, name → fillings.
    """

    positive: Texts
    negative: Texts
    news: Texts
    lexicon: Mapping[str, Entry]
    sentences: Mapping[str, Sequence[str]]


class _Corpus:
    """Texts as n-gram counts, and a linear model's two passes over them."""

    def __init__(self, texts: Texts) -> None:
        hashed = grams(texts)
        # the grams of one place side by side, so that those of one text are one run
        self._buckets = np.stack(hashed.buckets, axis=1).ravel().astype(np.int64)
        self._text = np.repeat(
            np.arange(len(texts)), np.diff(np.append(3 * hashed.starts, len(self._buckets)))
        )
        self._scale = hashed.scale
        self.counts = np.bincount(self._buckets, minlength=BUCKETS)
        self._size = len(texts)

    def scores(self, weights: Scores) -> Scores:
        sums = np.bincount(self._text, weights=weights[self._buckets], minlength=self._size)
        result: Scores = sums * self._scale
        return result

    def gradient(self, errors: Scores) -> Scores:
        spread = (errors * self._scale)[self._text]
        return np.bincount(self._buckets, weights=spread, minlength=BUCKETS).astype(np.float64)


def train(material: Material) -> Weights:
    """Both heads of the n-gram model."""
    made = {label: normalise(list(sentences(material.sentences, label))) for label in LABELS}
    words = [
        (word, LABELS[entry.kind])
        for word, entry in sorted(material.lexicon.items())
        if entry.kind in LABELS and LATENT < entry.weight < RHETORIC
    ]
    positive, negative = (
        _only(material.positive, material.negative),
        _only(material.negative, material.positive),
    )
    polarity = _head(
        [
            (positive, 1.0, 1.0),
            (negative, -1.0, 1.0),
            ([word for word, sign in words if sign > 0], 1.0, 1.0),
            ([word for word, sign in words if sign < 0], -1.0, 1.0),
            (made["pos"], 1.0, 1.0),
            (made["neg"], -1.0, 1.0),
        ]
    )
    opinions = sorted(
        {part for text in positive + negative for part in _SENTENCE_END.split(text) if 5 <= len(part) <= 60}
    )
    news = normalise(sorted({text for text in material.news if 6 <= len(text) <= 80}))
    subjectivity = _head(
        [
            (opinions[::8], 1.0, 1.0),
            (made["pos"] + made["neg"], 1.0, 1.0),
            (news[::4], -1.0, 1.0),
            (made["fact"], -1.0, 1.0),
        ]
    )
    return np.stack([polarity, subjectivity])


def _only(texts: Texts, others: Texts) -> list[str]:
    """Each text once, folded, without those that also occur among the others."""
    return normalise(sorted(set(texts).difference(others)))


def _head(groups: Sequence[tuple[list[str], float, float]]) -> npt.NDArray[np.int8]:
    """Weights that tell groups of +1 from groups of -1. A group is texts, sign and weight of each text."""
    texts = [text for group, _, _ in groups for text in group]
    signs = np.array([sign for group, sign, _ in groups for _ in group])
    worth = np.array([weight for group, _, weight in groups for _ in group])
    for sign in (1.0, -1.0):
        worth[signs == sign] *= len(texts) / 2 / fsum(worth[signs == sign])
    corpus = _Corpus(texts)
    # frequent n-grams say less each; rare ones are noise
    usual = np.where(corpus.counts < _RARE, 0, 1 / np.sqrt(np.sqrt(np.maximum(corpus.counts, 1))))
    weights = usual * _descend(corpus, usual, signs, worth)
    return np.clip(np.rint(weights / STEP), -127, 127).astype(np.int8)


def _descend(corpus: _Corpus, usual: Scores, signs: Scores, worth: Scores) -> Scores:
    """Minimise the squared hinge loss by Nesterov's accelerated gradient with a fixed step."""
    step = 1 / (2.1 * _curvature(corpus, usual, worth) + _PENALTY)
    weights = ahead = np.zeros(BUCKETS)
    pace = 1.0
    for _ in range(_ROUNDS):
        margin = np.maximum(1 - signs * corpus.scores(usual * ahead), 0)
        downhill = usual * corpus.gradient(2 * worth * signs * margin) - _PENALTY * ahead
        following = ahead + step * downhill
        quicker = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        ahead = following + (pace - 1) / quicker * (following - weights)
        weights, pace = following, quicker
    return weights


def _curvature(corpus: _Corpus, usual: Scores, worth: Scores) -> float:
    """The largest eigenvalue of the problem, by power iteration: it bounds the step."""
    direction = usual.copy()
    size = 0.0
    for _ in range(12):
        direction = usual * corpus.gradient(worth * corpus.scores(usual * direction))
        size = float(np.abs(direction).max())
        direction /= size
    return size


def sentences(templates: Mapping[str, Sequence[str]], label: str) -> Iterator[str]:
    """Every template of the label, filled in some ways; fillings take turns, so that all of them are used."""
    turn = count()
    seen: set[str] = set()
    for template in templates.get(label, ()):
        for _ in range(_COPIES if "{" in template else 1):
            sentence = re.sub(r"\{(\w+)\}", lambda slot: _turn(templates[slot[1]], next(turn)), template)
            if sentence not in seen:
                seen.add(sentence)
                yield sentence


def _turn(fillings: Sequence[str], turn: int) -> str:
    return fillings[turn * 7 % len(fillings)]
