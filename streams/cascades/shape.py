"""The shape of cascades: structural virality, pace, half-life, reach, ties, tone along the chain."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from streams.cascades.index import Keys, pairs
from streams.cascades.layout import Layout, below, children
from streams.cascades.ragged import Ints

Floats = npt.NDArray[np.float64]

TIES = ("unknown", "strong", "weak")
HOUR = 3_600_000
"""In milliseconds, like every time of this room."""


def virality(layout: Layout, size: Ints) -> Floats:
    """Structural virality ν of each tree: the mean distance between two of its nodes, NaN for a lone root.

    Goel, Anderson, Hofman and Watts (Management Science 2016), as 2 Σ s(n-s) / n(n-1) over the edges, where
    s is the number of nodes below the edge: every path between two nodes that it separates crosses it.

    Args:
        layout: the trees.
        size: `layout.sizes`.
    """
    n = size[: layout.trees]
    edges, tree = size[layout.trees :], layout.tree[layout.trees :]
    crossings = np.zeros(layout.trees, np.int64)
    np.add.at(crossings, tree, edges * (n[tree] - edges))
    apart = n * (n - 1)
    mean = np.full(layout.trees, np.nan)
    np.divide(2 * crossings, apart, out=mean, where=apart > 0)
    return mean


def ratios(widths: Ints) -> Floats:
    """R_g = L(g+1) / L(g) of successive levels: above 1 the next generation is larger than this one."""
    grown: Floats = widths[1:] / widths[:-1]
    return grown


class Pace(NamedTuple):
    """How fast each cascade goes, seen from its last share.

    Attributes:
        half_at: by when half of the shares had come, Unix milliseconds; -1 without shares. Less the root's
            time it is the half-life.
        speed: shares in the last hour.
        acceleration: how many more than in the hour before.
    """

    half_at: Ints
    speed: Ints
    acceleration: Ints


def pace(layout: Layout, shared: Ints) -> Pace:
    """The pace of each tree.

    Args:
        layout: the trees.
        shared: when each node was shared, Unix milliseconds; roots are not looked at.
    """
    trees, tree, times = layout.trees, layout.tree[layout.trees :], shared[layout.trees :]
    count = np.bincount(tree, minlength=trees)
    some, stop = count > 0, np.cumsum(count)
    # Plain numbers sort several times as fast as two keys.
    low = int(times.min(initial=0))
    span = int(times.max(initial=0)) - low + 1
    ordered = np.sort(tree * span + (times - low)) % span + low
    half, last = np.full(trees, -1), np.full(trees, -1)
    half[some] = ordered[(stop - count + (count - 1) // 2)[some]]
    last[some] = ordered[stop[some] - 1]
    age = last[tree] - times
    latest = np.bincount(tree[age < HOUR], minlength=trees)
    before = np.bincount(tree[(age >= HOUR) & (age < 2 * HOUR)], minlength=trees)
    return Pace(half, latest, latest - before)


def audience(layout: Layout, user: Keys, followers: Ints) -> Ints:
    """Σ followers of each tree, every user once, with the largest number of followers seen for them.

    Args:
        layout: the trees.
        user: who each node is by.
        followers: how many follow them; 0 if unknown.
    """
    known = np.flatnonzero(followers)
    tree = layout.tree[known]
    key = pairs(tree, user[known])
    order = np.argsort(key)
    fresh = np.flatnonzero(np.concatenate(([True], key[order[1:]] != key[order[:-1]]))[: len(order)])
    total = np.zeros(layout.trees, np.int64)
    if len(fresh):
        np.add.at(total, tree[order[fresh]], np.maximum.reduceat(followers[known][order], fresh))
    return total


def passed_on(layout: Layout, tie: npt.NDArray[np.integer]) -> Ints:
    """How many shares of each tree were shared on, by tie: one row a tree, one column for each of `TIES`.

    Over the number of shares with that tie it is the conversion: what sharing among friends (strong) or
    strangers (weak) brings.
    """
    on = np.flatnonzero(children(layout))
    on = on[on >= layout.trees]
    cell = layout.tree[on] * len(TIES) + tie[on]
    return np.bincount(cell, minlength=layout.trees * len(TIES)).reshape(-1, len(TIES))


def growth(layout: Layout, shared: Ints, since: int) -> Ints:
    """How many shares came below each node since a time: where a cascade still grows."""
    recent = (shared >= since).astype(np.int64)
    recent[: layout.trees] = 0
    return below(layout, recent) - recent


class Drift(NamedTuple):
    """How the tone of what people add changes from level to level.

    Attributes:
        slope: change of the mean score a level, least squares over all shares with words; NaN with fewer
            than two levels.
        turn: first level whose mean is on the other side of 0 than the first level with words; -1 if none.
    """

    slope: float
    turn: int


def drift(scored: Ints, score: Floats, *, least: int = 5) -> Drift:
    """The drift along one cascade.

    Args:
        scored: how many shares of each level have words.
        score: the sum of their scores.
        least: levels with fewer such shares are not looked at for the turn.
    """
    level = np.flatnonzero(scored)
    weight, mean = scored[level], score[level] / scored[level]
    slope = np.nan
    if len(level) > 1:
        away = level - np.average(level, weights=weight)
        slope = float((weight * away * mean).sum() / (weight * away**2).sum())
    level, mean = level[weight >= least], mean[weight >= least]
    turned = level[mean * mean[:1] < 0] if len(level) else level
    return Drift(slope, int(turned[0]) if len(turned) else -1)
