"""What a post must hold for a query to be true of it: the rarest such leaves, by which rules are indexed."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from streams.rules.tree import And, Field, Leaf, Near, Node, Not, Or, Pattern
from streams.text.normalise import fold

Cost: TypeAlias = Callable[[Leaf], float]
"""Leaf → how many posts of a thousand it is true of."""

_BY_FIELD = {"author": 3, "title": 60, "site": 100, "region": 150, "client": 200}
_OTHER_FIELD = 400
_PATTERN = 700
_HAN = (900, 900, 40, 10)
_LATIN = (900, 500, 100)
_LONG = 4


def guess(leaf: Leaf) -> float:
    """How common a leaf is as long as no posts were seen: short terms are, long ones are not."""
    if isinstance(leaf, Pattern):
        return _PATTERN
    if isinstance(leaf, Field):
        return _BY_FIELD.get(leaf.name, _OTHER_FIELD)
    text = fold(leaf.term.text).strip()
    lengths = _LATIN if text.isascii() else _HAN
    cost = lengths[len(text)] if len(text) < len(lengths) else _LONG
    return cost * 2 if leaf.term.evasions else cost


def needed(tree: Node, cost: Cost = guess) -> frozenset[Leaf]:
    """Leaves of which at least one is true of every post that the query is true of.

    Args:
        tree: of a query that `parse` accepts.
        cost: of several such sets the one with the lowest sum is chosen.
    """
    found = _cheapest(tree, cost)
    return found[1] if found else frozenset()


_Choice: TypeAlias = tuple[float, frozenset[Leaf]]


def _cheapest(node: Node, cost: Cost) -> _Choice | None:
    """The cheapest set of needed leaves and its cost; None if there is none."""
    if isinstance(node, Not):
        return None
    if isinstance(node, And):
        return _least(_cheapest(child, cost) for child in node.children)
    if isinstance(node, Near):
        return _least(_sum(operand, cost) for operand in (node.first, *(step.operand for step in node.steps)))
    if isinstance(node, Or):
        return _sum(node.children, cost)
    return cost(node), frozenset((node,))


def _least(choices: Iterable[_Choice | None]) -> _Choice | None:
    return min(filter(None, choices), default=None, key=lambda choice: choice[0])


def _sum(nodes: Iterable[Node], cost: Cost) -> _Choice | None:
    total = 0.0
    leaves: set[Leaf] = set()
    for node in nodes:
        part = _cheapest(node, cost)
        if part is None:
            return None
        total += part[0]
        leaves |= part[1]
    return total, frozenset(leaves)
