"""Who spread a cascade: by direct reposts, by everything below, and across communities."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from streams.cascades.index import Keys, pairs
from streams.cascades.layout import Layout, children, preorder, sizes
from streams.cascades.ragged import Ints
from streams.cascades.shape import growth
from streams.cascades.tree import Tree


class Spreaders(NamedTuple):
    """Users whose nodes were shared on, at least once.

    Attributes:
        tree: which tree.
        node: one of the user's nodes in it, which tells who it is.
        direct: direct reposts of the user's nodes, summed.
        subtree: nodes below at least one of the user's nodes, each counted once. Nodes of the same user
            that lie below another one count; the topmost ones do not count themselves.
    """

    tree: Ints
    node: Ints
    direct: Ints
    subtree: Ints


def spreaders(layout: Layout, size: Ints, user: Keys) -> Spreaders:
    """Every user with a direct repost.

    Args:
        layout: the trees.
        size: `sizes(layout)`.
        user: who each node is by; 0 where that is unknown, such nodes are left out.
    """
    direct = children(layout)
    inner = np.flatnonzero((direct > 0) & (user != 0))
    key = pairs(layout.tree[inner], user[inner])
    order = np.argsort(key)
    inner, key = inner[order], key[order]
    group = np.cumsum(np.concatenate(([0], key[1:] != key[:-1])))[: len(inner)]
    below = size[inner] - 1
    several = np.flatnonzero(np.bincount(group)[group] > 1)
    nested = _nested(group[several], preorder(layout, size)[inner[several]], size[inner[several]])
    below[several[nested]] = 0
    users = int(group[-1]) + 1 if len(group) else 0
    one, direct_sum, below_sum = (np.zeros(users, np.int64) for _ in range(3))
    one[group] = inner
    np.add.at(direct_sum, group, direct[inner])
    np.add.at(below_sum, group, below)
    return Spreaders(layout.tree[one], one, direct_sum, below_sum)


def _nested(group: Ints, begin: Ints, size: Ints) -> npt.NDArray[np.bool_]:
    """Which subtrees lie inside another one of their group, each given by its first number and its size."""
    order = np.lexsort((begin, group))
    group, begin = group[order], begin[order]
    # A subtree is nested iff an earlier one of its group ends after it begins. Shifted by its number, each
    # group lies behind all earlier ones, so that one running maximum serves them all.
    shift = group * int((begin + size[order]).max(initial=0))
    latest = np.maximum.accumulate(begin + size[order] + shift)
    nested = np.zeros(len(group), bool)
    nested[order[1:]] = latest[:-1] > (begin + shift)[1:]
    return nested


def foremost(found: Spreaders, limit: int) -> Spreaders:
    """Those that can be among the first `limit` of their tree by subtree or by direct reposts, ties included."""

    def among(count: Ints) -> npt.NDArray[np.bool_]:
        order = np.lexsort((-count, found.tree))
        tree = found.tree[order]
        begin = np.searchsorted(tree, tree)
        last = np.minimum(begin + limit, np.searchsorted(tree, tree, "right")) - 1
        enough = np.empty(len(tree), bool)
        enough[order] = count[order] >= count[order[last]]
        return enough

    keep = among(found.subtree) | among(found.direct)
    return Spreaders(*(column[keep] for column in found))


def ranked(found: Spreaders, names: npt.NDArray[Any], limit: int) -> npt.NDArray[np.intp]:
    """Rows of `found`, tree after tree, by subtree, then direct reposts, then name.

    Args:
        found: the spreaders.
        names: each one's user id in UTF-8, which settles ties.
        limit: kept are the first so many of each tree by subtree, and the first so many by direct reposts.
    """
    alphabetic = np.unique(names, return_inverse=True)[1]

    def rank(*keys: Ints) -> tuple[npt.NDArray[np.intp], Ints]:
        order = np.lexsort((alphabetic, *(-key for key in reversed(keys)), found.tree))
        tree = found.tree[order]
        place = np.arange(len(tree)) - np.searchsorted(tree, tree)
        within = np.empty_like(place)
        within[order] = place
        return order, within

    by_subtree, subtree_rank = rank(found.subtree, found.direct)
    _, direct_rank = rank(found.direct)
    return by_subtree[np.minimum(subtree_rank, direct_rank)[by_subtree] < limit]


class Growing(NamedTuple):
    """A share below which a cascade still grows.

    Attributes:
        share: share_id.
        user: who shared.
        recent: shares that came below it since the time asked for.
        below: shares below it in all.
    """

    share: str
    user: str
    recent: int
    below: int


def growing(tree: Tree, since: int, *, top: int = 10) -> list[Growing]:
    """Where to step in: the shares with the most recent ones below, ties by what is below in all, then id.

    Args:
        tree: the cascade.
        since: Unix milliseconds; what was shared then or later is recent.
        top: how many.
    """
    shares = tree.shares
    recent = growth(tree.layout, np.array([0, *shares.shared]), since)[1:].tolist()
    below = (sizes(tree.layout) - 1)[1:].tolist()
    found = map(Growing, shares.share, shares.user, recent, below)
    return sorted(
        (node for node in found if node.recent), key=lambda node: (-node.recent, -node.below, node.share)
    )[:top]
