"""Class-balanced logistic regression, small enough to be written out: the arithmetic of `calibrate`."""

from typing import Any

import numpy as np
import numpy.typing as npt

from streams.text.sentiment.base import Scores, Texts
from streams.text.sentiment.ngrams import BUCKETS, grams

Rows = npt.NDArray[np.bool_]
_ROUNDS = 60


def balanced(yes: Rows) -> Scores:
    """Weights that make both classes count the same, 1 on average."""
    share = float(yes.mean())
    worth: Scores = np.where(yes, 0.5 / share, 0.5 / (1 - share))
    return worth


def logistic(features: Scores, yes: Rows, start: Scores, penalty: float) -> Scores:
    """Weights of the columns by Newton's method; drawn towards `start` where the rows say little."""
    worth, weights = balanced(yes), start.copy()
    for _ in range(30):
        likely = _sigmoid(features @ weights)
        slope = features.T @ (worth * (likely - yes)) + penalty * (weights - start)
        bend = (features * (worth * likely * (1 - likely))[:, None]).T @ features
        change = np.linalg.solve(bend + penalty * np.eye(len(start)), slope)
        weights = weights - change
        if np.abs(change).max() < 1e-8:
            break
    return weights


class Bag:
    """Texts as n-gram counts, for the heads that learn a domain's own n-grams."""

    def __init__(self, texts: Texts) -> None:
        hashed = grams(texts)
        columns = np.stack(hashed.buckets, axis=1).ravel().astype(np.int64)
        self._known, self._column = np.unique(columns, return_inverse=True)
        ends = np.append(3 * hashed.starts, len(columns))
        self._text = np.repeat(np.arange(len(texts)), np.diff(ends))
        self._scale = hashed.scale
        self._size = len(texts)
        counts = np.bincount(self._column)
        self._usual = 1 / np.sqrt(np.sqrt(counts))

    def scores(self, weights: Scores) -> Scores:
        """The sum of each text's weights, scaled by its length."""
        spread = (self._usual * weights)[self._column]
        result: Scores = np.bincount(self._text, weights=spread, minlength=self._size) * self._scale
        return result

    def fit(self, rows: Rows, yes: Rows, offset: Scores, penalty: float) -> Scores:
        """Weights that add to the log odds `offset` what the chosen rows say beyond it."""
        worth = np.zeros(self._size)
        worth[rows] = balanced(yes[rows])
        step = 1 / (self._curvature(worth) / 4 * 1.1 + penalty)
        weights = ahead = np.zeros(len(self._known))
        pace = 1.0
        for _ in range(_ROUNDS):
            errors = worth * (yes - _sigmoid(offset + self.scores(ahead)))
            following = ahead + step * (self._gradient(errors) - penalty * ahead)
            quicker = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
            ahead = following + (pace - 1) / quicker * (following - weights)
            weights, pace = following, quicker
        return weights

    def spread(self, weights: Scores) -> Scores:
        """The weights in their buckets, as `Ngrams` reads them."""
        wide = np.zeros(BUCKETS)
        wide[self._known] = self._usual * weights
        return wide

    def _gradient(self, errors: Scores) -> Scores:
        sums = np.bincount(
            self._column, weights=(errors * self._scale)[self._text], minlength=len(self._known)
        )
        result: Scores = self._usual * sums
        return result

    def _curvature(self, worth: Scores) -> float:
        direction = np.ones(len(self._known))
        size = 0.0
        for _ in range(12):
            direction = self._gradient(worth * self.scores(direction))
            size = float(np.abs(direction).max())
            direction = direction / size
        return size


def _sigmoid(odds: Any) -> Scores:
    return 0.5 + 0.5 * np.tanh(np.asarray(odds) / 2)
