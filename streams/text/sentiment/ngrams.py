"""Hashed character 1- to 3-grams: no words, no dictionary, a whole batch in a handful of vector operations.

Weights are whole numbers, so the sum over a text is exact and neither the order of addition nor the cut of
batches can change it.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from streams.text.sentiment.base import Scores, Texts

BUCKETS = 1 << 18
STEP = 1 / 64
"""Worth of one unit of a shipped weight."""
HEADS = ("polarity", "subjectivity")

Weights = npt.NDArray[np.int8]
"""One row for each head, one column for each bucket."""
_Places = npt.NDArray[np.uint32]

_BETWEEN = "\0\0"
"""Around every text; folding leaves no NUL in one. Two of them, so that no 3-gram spans two texts."""
_SHIFT = np.uint32(32 - 18)
_FIRST, _SECOND, _THIRD = np.uint32(2654435761), np.uint32(2246822519), np.uint32(3266489917)
_BLOCK = 1 << 15
"""Characters hashed at once: what stays in the cache costs half, and no result changes."""


class Grams(NamedTuple):
    """The n-grams of some texts, as the buckets they fall into.

    Attributes:
        buckets: one row for each of n = 1, 2, 3; one column for each place in the texts.
        starts: column at which each text begins.
        scale: 1/√(number of n-grams) of each text, so that long texts are no louder than short ones.
    """

    buckets: tuple[_Places, _Places, _Places]
    starts: npt.NDArray[np.int64]
    scale: Scores


class Evidence(NamedTuple):
    """What the model makes of each text; about ±1 is usual.

    Attributes:
        polarity: positive or negative.
        subjectivity: opinion (above 0) or statement of fact (below).
    """

    polarity: Scores
    subjectivity: Scores


def grams(texts: Texts) -> Grams:
    """Hash the texts, at least one; every digit counts as the same."""
    text = _BETWEEN + _BETWEEN.join(texts) + _BETWEEN
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    codes = np.where(codes - np.uint32(48) < 10, np.uint32(48), codes)
    first, second, third = codes[:-2] * _FIRST, codes[1:-1] * _SECOND, codes[2:] * _THIRD
    pairs = first + second
    lengths = np.fromiter(map(len, texts), np.int64, len(texts)) + len(_BETWEEN)
    return Grams(
        (first >> _SHIFT, pairs >> _SHIFT, (pairs + third) >> _SHIFT),
        np.cumsum(lengths) - lengths,
        1 / np.sqrt(3 * lengths),
    )


class Ngrams:
    """The linear model at work.

    Args:
        weights: as `streams.text.sentiment.train` makes them.
        step: worth of one unit of a weight.
    """

    def __init__(self, weights: Weights, step: float = STEP) -> None:
        self._step = step
        polarity, subjectivity = weights.astype(np.int64)
        # both sums in one pass: polarity in the upper half, subjectivity in the lower
        self._packed = (polarity << 32) + subjectivity

    def read(self, texts: Texts) -> Evidence:
        """The evidence in each text."""
        if not texts:
            return Evidence(np.zeros(0), np.zeros(0))
        parts = [self._sums(grams(block)) for block in blocks(texts)]
        polarity, subjectivity = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Evidence(polarity, subjectivity)

    def _sums(self, hashed: Grams) -> tuple[Scores, Scores]:
        # no bucket is out of range: clipping only spares the check
        first, second, third = (self._packed.take(buckets, mode="clip") for buckets in hashed.buckets)
        first += second
        first += third
        totals = np.add.reduceat(first, hashed.starts)
        low = totals.astype(np.int32)
        high = (totals - low) >> 32
        return high * self._step * hashed.scale, low * self._step * hashed.scale


def blocks(texts: Texts) -> Iterator[Texts]:
    """The texts in runs of at most `_BLOCK` characters; a longer text is a run of its own."""
    start = size = 0
    for stop, text in enumerate(texts):
        if size and size + len(text) > _BLOCK:
            yield texts[start:stop]
            start, size = stop, 0
        size += len(text)
    yield texts[start:]
