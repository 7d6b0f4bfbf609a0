"""Trees in arrays, parents before children: what every measure of shape is computed on."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from streams.cascades.ragged import Ints


class Layout(NamedTuple):
    """The nodes of one or many trees, sorted by level; the roots come first, in the order of their trees.

    Attributes:
        tree: which tree each node belongs to, 0 … trees-1.
        parent: which node each one hangs below; -1 at a root.
        cuts: where each level begins, and the end: level g is nodes cuts[g] … cuts[g+1]-1.
    """

    tree: Ints
    parent: Ints
    cuts: Ints

    @property
    def trees(self) -> int:
        """How many trees."""
        return int(self.cuts[1])

    @property
    def level(self) -> Ints:
        """Distance of each node from its root."""
        return np.repeat(np.arange(len(self.cuts) - 1), np.diff(self.cuts))

    def slices(self) -> list[slice]:
        """The levels from 1 on, from the top."""
        return [slice(start, stop) for start, stop in pairwise(self.cuts[1:].tolist())]


def by_level(level: npt.NDArray[np.integer]) -> tuple[Ints, Ints]:
    """The order that sorts nodes by level, otherwise as they stand, and the cuts between the levels."""
    # numpy sorts 16 bits by radix, and few cascades are deeper than that.
    narrow = level.astype(np.uint16) if level.max(initial=0) < 2**16 else level
    order = np.argsort(narrow, kind="stable")
    return order, np.concatenate(([0], np.cumsum(np.bincount(level, minlength=1))))


def children(layout: Layout) -> Ints:
    """How many nodes hang directly below each node."""
    return np.bincount(layout.parent[layout.trees :], minlength=len(layout.parent))


def below(layout: Layout, weight: Ints) -> Ints:
    """The weight of each node and of everything below it, in one walk from the leaves to the roots."""
    total = weight.astype(np.int64)
    for level in reversed(layout.slices()):
        # A view of the same array would make numpy copy all of it, level for level.
        np.add.at(total, layout.parent[level], total[level].copy())
    return total


def sizes(layout: Layout) -> Ints:
    """How many nodes the subtree of each node has, the node itself included."""
    return below(layout, np.ones(len(layout.tree), np.int64))


def preorder(layout: Layout, size: Ints) -> Ints:
    """A number for each node such that its subtree has exactly the numbers from its own to own + size - 1.

    Args:
        layout: the trees; numbers are given tree by tree.
        size: `sizes(layout)`.
    """
    order = np.argsort(layout.parent[layout.trees :], kind="stable") + layout.trees
    siblings = size[order]
    before = np.cumsum(siblings) - siblings
    parent = layout.parent[order]
    eldest = np.concatenate(([True], parent[1:] != parent[:-1]))[: len(parent)]
    number = np.empty_like(size)
    # Within its parent's numbers a node comes after the parent and its elder siblings.
    number[order] = (
        1 + before - np.repeat(before[eldest], np.diff(np.append(np.flatnonzero(eldest), len(parent))))
    )
    roots = size[: layout.trees]
    number[: layout.trees] = np.cumsum(roots) - roots
    for level in layout.slices():
        number[level] += number[layout.parent[level]]
    return number
