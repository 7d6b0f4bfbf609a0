"""One cascade in one pass over all its edges: what the growing forest must equal, and what people look at."""

from collections import defaultdict
from typing import Literal, NamedTuple

import numpy as np

from streams.cascades.layout import Layout
from streams.cascades.shares import Shares

Apart = Literal["orphan", "cycle", "self"]
"""Why a share is not in the tree: its line of parents ends at a share that never came, comes back on itself
(or to a share that does), or it names itself as its parent. One that bears the root's id counts as `self`."""


class Tree(NamedTuple):
    """A cascade. Rows of `shares` belong to the nodes from 1 on; node 0 is the root.

    Attributes:
        root: root_id.
        layout: the nodes reachable from the root, level by level; siblings by time, then id.
        shares: the shares in the tree, in the order of the nodes.
        apart: share_id → why it is not in the tree.
    """

    root: str
    layout: Layout
    shares: Shares
    apart: dict[str, Apart]

    @property
    def ids(self) -> list[str]:
        """The id of each node."""
        return [self.root, *self.shares.share]


def build(root: str, shares: Shares) -> Tree:
    """The tree of one root.

    Args:
        root: root_id.
        shares: all its edges, in any order; rows of other roots are not looked at.
    """
    first: dict[str, int] = {}
    for row in sorted(range(len(shares.root)), key=shares.order.__getitem__):
        if shares.root[row] == root:
            first.setdefault(shares.share[row], row)
    offspring = defaultdict(list)
    for share, row in sorted(first.items(), key=lambda item: (shares.shared[item[1]], item[0])):
        if share != root:
            offspring[shares.parent[row]].append(share)
    level, parents, ids, cuts = [root], [-1], [root], [0, 1]
    while level:
        begin = len(ids) - len(level)
        grown = [(begin + at, child) for at, node in enumerate(level) for child in offspring.get(node, ())]
        parents += [at for at, _ in grown]
        level = [child for _, child in grown]
        ids += level
        if level:
            cuts.append(len(ids))
    layout = Layout(np.zeros(len(ids), np.int64), np.array(parents), np.array(cuts))
    attached = set(ids[1:])
    parent_of = {share: shares.parent[row] for share, row in first.items() if share not in attached}
    if root in parent_of:
        parent_of[root] = root
    return Tree(root, layout, shares.part([first[share] for share in ids[1:]]), _apart(parent_of))


def _apart(parent_of: dict[str, str]) -> dict[str, Apart]:
    found: dict[str, Apart] = {}
    for share in parent_of:
        line: dict[str, None] = {}
        node = share
        while node in parent_of and node not in found and node not in line:
            line[node] = None
            node = parent_of[node]
        # Below a share that names itself, or that is on a cycle, nothing can ever reach the root.
        end = found.get(node, "cycle" if node in line else "orphan")
        found.update(dict.fromkeys(line, "orphan" if end == "orphan" else "cycle"))
    found.update({share: "self" for share, parent in parent_of.items() if share == parent})
    return found
