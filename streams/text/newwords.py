"""New words: strings that hold together inside and stand free outside, yet are in no dictionary.

A candidate is a run of two to five units, a unit being a Chinese character or a run of Latin letters and digits,
not broken by punctuation or a blank. It is a word when

- it holds together: over every way to cut it in two, log₂(p(ab) / (p(a) p(b))) is high (pointwise mutual
  information; the smallest counts);
- it stands free: what comes before it and what comes after it vary, by the entropy of its neighbours in bits
  (branching entropy; the smaller side counts; the end of a clause is a neighbour of its own each time).

Both in the manner of Matrix67, 互联网时代的社会语言学 (2012), and Jin and Tanaka-Ishii, "Unsupervised Segmentation
of Chinese Text by Use of Branching Entropy" (COLING/ACL 2006). All of it is sorting in numpy.
"""

import re
from collections.abc import Collection, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.text.segment import Segmenter
from streams.text.words import without_noise

LONGEST = 5
"""Units of the longest candidate."""

LETTERS = 8_000_000
"""Characters that are looked at; texts behind them are left out, so that memory stays bounded."""

PMI = 6.0
"""Bits that a candidate must hold together with."""

COMPOUND = 10.0
"""Bits that dictionary words of two characters and more must hold together with: 王者荣耀, but not 味道不错."""

ENTROPY = 2.0
"""Bits that each side of it must vary by."""

_UNIT = re.compile(r"[一-鿿]|[a-z0-9]+(?:[.+-][a-z0-9]+)*|(?P<gap>[^一-鿿a-z0-9]+)")
_EDGES = frozenset(
    "的了是我你他她它这那也都就在和与或吗吧呢啊呀哦嘛么着过得地把被让给很太最不没有之为以于而则且其所才"
)
"""Characters that a word hardly begins or ends with."""

_STARTS = _EDGES | frozenset("个两几半每各些刚想跟请还更再又已句例")
"""Characters that a word hardly begins with."""

_QUANTITY = re.compile(
    r"[0-9.+-]+[年月日号点时分秒个元块万亿度次天岁名位款折条张台部件楼级寸周季期岁双人斤米克毫公]?.*"
)

Ints = NDArray[np.int32]
Wide = NDArray[np.int64]
"""Places and numbers of units fit 32 bits; products of two do not."""


class NewWord(NamedTuple):
    """A proposal for the user dictionary.

    Attributes:
        word: the word, folded.
        posts: different texts that hold it.
        pmi: how it holds together, in bits.
        entropy: how free it stands, in bits; the smaller side.
        samples: texts that hold it, a few.
    """

    word: str
    posts: int
    pmi: float
    entropy: float
    samples: list[str]


class _Units(NamedTuple):
    """All texts as one row of unit numbers; 0 stands between clauses and texts."""

    numbers: Ints
    texts: Ints
    names: list[str]


class _Grams(NamedTuple):
    """Runs of one length.

    Attributes:
        at: for every place, the number of the run that starts there, -1 for a rare or broken one.
        counts: how often each occurs.
    """

    at: Ints
    counts: Wide


def discover(
    texts: Sequence[str],
    segmenter: Segmenter,
    *,
    without: Collection[str] = frozenset(),
    least: int = 8,
    pmi: float = PMI,
    entropy: float = ENTROPY,
    limit: int = 200,
    samples: int = 3,
) -> list[NewWord]:
    """The new words of these texts, the most used first.

    Args:
        texts: folded texts; a repeated one counts once.
        segmenter: its dictionary is what the words are new to.
        without: words never to propose.
        least: different texts that must hold a word.
        pmi: bits that it must hold together with.
        entropy: bits that each side of it must vary by.
        limit: how many words.
        samples: how many texts are given with each.
    """
    known = _bounded(dict.fromkeys(texts))
    units = _units(known)
    grams = [_single(units)]
    for length in range(2, LONGEST + 1):
        grams.append(_longer(units, grams, length, least))
    total = int((units.numbers > 0).sum())
    found: list[NewWord] = []
    for length in range(2, LONGEST + 1):
        run = grams[length - 1]
        places = np.flatnonzero(run.at >= 0)
        if not len(places):
            break
        firsts = np.zeros(len(run.counts), np.int64)
        firsts[run.at[places[::-1]]] = places[::-1]
        cohesion = _cohesion(grams, firsts, length, total)
        keep = np.flatnonzero(cohesion >= pmi)
        kept = np.zeros(len(run.counts), bool)
        kept[keep] = True
        places = places[kept[run.at[places]]]
        ids = run.at[places].astype(np.int64)
        holding = np.unique(ids * len(known) + units.texts[places])
        posts = np.bincount(holding // len(known), minlength=len(run.counts))
        before = np.where(places > 0, units.numbers[places - 1], 0)
        freedom = np.minimum(
            _entropy(ids, before, len(run.counts)),
            _entropy(ids, units.numbers[places + length], len(run.counts)),
        )
        for number in keep[(freedom[keep] >= entropy) & (posts[keep] >= least)]:
            start = int(firsts[number])
            parts = [units.names[unit] for unit in units.numbers[start : start + length]]
            word = "".join(parts)
            if (
                _plausible(parts)
                and word not in without
                and cohesion[number] >= _needed(word, pmi, segmenter)
            ):
                low = int(np.searchsorted(holding, number * len(known)))
                shown = holding[low : low + min(samples, int(posts[number]))] - number * len(known)
                quoted = [known[int(text)] for text in shown]
                found.append(
                    NewWord(word, int(posts[number]), float(cohesion[number]), float(freedom[number]), quoted)
                )
    return sorted(found, key=lambda new: (-new.posts, new.word))[:limit]


def _bounded(texts: dict[str, None]) -> list[str]:
    letters = 0
    for number, text in enumerate(texts):
        letters += len(text)
        if letters > LETTERS:
            return [*islice(texts, number), text[: LETTERS - letters]]
    return list(texts)


def _units(texts: Sequence[str]) -> _Units:
    numbers: dict[str, int] = {}
    row: list[int] = [0]
    sizes: list[int] = []
    for text in texts:
        size = len(row)
        for match in _UNIT.finditer(without_noise(text)):
            row.append(0 if match.lastgroup else numbers.setdefault(match[0], len(numbers) + 1))
        row.append(0)
        sizes.append(len(row) - size)
    row += [0] * LONGEST
    of = np.repeat(np.arange(len(texts)), sizes)
    padded = np.concatenate([[0], of, [0] * LONGEST]).astype(np.int32)
    return _Units(np.array(row, np.int32), padded, ["", *numbers])


def _single(units: _Units) -> _Grams:
    at = units.numbers - 1
    return _Grams(at, np.bincount(at[at >= 0], minlength=1))


def _longer(units: _Units, grams: Sequence[_Grams], length: int, least: int) -> _Grams:
    """Runs one unit longer; those of a rare part are rare themselves and left out before they are counted."""
    shorter, last = grams[-1].at, np.zeros_like(units.numbers)
    last[: -length + 1] = units.numbers[length - 1 :]
    following = np.full_like(shorter, -1)
    following[:-1] = shorter[1:]
    places = np.flatnonzero((shorter >= 0) & (following >= 0) & (last > 0))
    keys = shorter[places].astype(np.int64) * (len(units.names) + 1) + last[places]
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    common = counts >= least
    renumbered = np.where(common, np.cumsum(common) - 1, -1).astype(np.int32)
    at = np.full_like(shorter, -1)
    at[places] = renumbered[inverse]
    return _Grams(at, counts[common])


def _cohesion(grams: Sequence[_Grams], firsts: Wide, length: int, total: int) -> NDArray[np.float64]:
    """Smallest pointwise mutual information over the ways to cut a run in two."""
    whole = np.log2(grams[length - 1].counts / total)
    cuts = []
    for cut in range(1, length):
        left, right = grams[cut - 1], grams[length - cut - 1]
        parts = left.counts[left.at[firsts]] / total * (right.counts[right.at[firsts + cut]] / total)
        cuts.append(whole - np.log2(parts))
    smallest: NDArray[np.float64] = np.min(np.array(cuts), axis=0)
    return smallest


def _entropy(ids: Wide, neighbours: Ints, number: int) -> NDArray[np.float64]:
    """Entropy of the neighbours of each run; the end of a clause differs from every other."""
    ends = neighbours == 0
    unlike = np.where(ends, neighbours.max(initial=0) + 1 + np.arange(len(ids)), neighbours)
    width = unlike.max(initial=0) + 1
    pairs, counts = np.unique(ids * width + unlike, return_counts=True)
    owners = pairs // width
    totals = np.bincount(ids, minlength=number)
    part = counts / totals[owners]
    return np.bincount(owners, -part * np.log2(part), minlength=number).astype(np.float64)


def _needed(word: str, pmi: float, segmenter: Segmenter) -> float:
    """Bits that the word must hold together with: a known one is not new however many it has."""
    pieces = segmenter.split(word)
    if pieces == [word]:
        return np.inf
    return max(pmi, COMPOUND) if all(len(piece) > 1 for piece in pieces) else pmi


def _plausible(parts: Sequence[str]) -> bool:
    """Whether it can be a word by its looks: neither a quantity nor a run that ends in a particle."""
    if parts[0] in _STARTS or parts[-1] in _EDGES or len(set(parts)) == 1:
        return False
    return not _QUANTITY.fullmatch("".join(parts))
