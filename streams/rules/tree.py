"""The tree of a query. Columns say where a part was written and do not count when trees are compared."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from streams.rules.fields import Number
from streams.text.finder import Term


@dataclass(frozen=True, slots=True)
class Words:
    """A term or phrase, to be found in the text.

    Attributes:
        term: what is looked for.
        column: where it is written.
    """

    term: Term
    column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Pattern:
    """An RE2 pattern, searched in the folded text.

    Attributes:
        source: the pattern, its letters folded as texts are.
        column: where it is written.
    """

    source: str
    column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Field:
    """A condition on a field; false where the field is absent.

    Attributes:
        name: one of `fields.FIELDS`.
        value: folded value to equal (or to contain); None where numbers are compared.
        low: least number.
        high: greatest number.
        brand: toward whom `sentiment` is asked for; "" is the text as a whole.
        column: where it is written.
    """

    name: str
    value: str | None
    low: Number = -math.inf
    high: Number = math.inf
    brand: str = ""
    column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One NEAR or ONEAR of a chain.

    Attributes:
        distance: how many tokens may lie between.
        ordered: whether the left operand must end before the right one starts.
        operand: the right operand: any of these.
    """

    distance: int
    ordered: bool
    operand: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """A chain a NEAR/2 b NEAR/3 c: what was found so far is the left operand of the next step.

    Attributes:
        first: the leftmost operand: any of these.
        steps: the others, from left to right.
    """

    first: tuple[Words, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more."""

    children: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more."""

    children: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a leaf or a chain: a tree has NOT moved inside its groups."""

    child: "Leaf | Near"
    column: int = field(default=0, compare=False)


Leaf: TypeAlias = Words | Pattern | Field
Node: TypeAlias = Leaf | Near | And | Or | Not


def negate(node: Node, column: int = 0) -> Node:
    """The opposite of a node: NOT (a OR b) becomes NOT a AND NOT b.

    Args:
        node: a part of a query.
        column: where its NOT is written.
    """
    if isinstance(node, Not):
        return node.child
    if isinstance(node, And | Or):
        parts = tuple(negate(child, column) for child in node.children)
        return Or(parts) if isinstance(node, And) else And(parts)
    return Not(node, column)


def toward(node: Node, brand: str) -> Node:
    """The same tree with the tone asked for toward a brand."""
    if isinstance(node, Field) and node.name == "sentiment":
        return replace(node, brand=brand)
    if isinstance(node, And | Or):
        return type(node)(tuple(toward(child, brand) for child in node.children))
    if isinstance(node, Not) and isinstance(node.child, Field):
        return negate(toward(node.child, brand), node.column)
    return node


def leaves(node: Node) -> Iterator[Leaf]:
    """Every leaf of a tree, wanted or not, in the order written."""
    if isinstance(node, Near):
        yield from node.first
        for step in node.steps:
            yield from step.operand
    elif isinstance(node, And | Or):
        for child in node.children:
            yield from leaves(child)
    elif isinstance(node, Not):
        yield from leaves(node.child)
    else:
        yield node


def terms(node: Node) -> Iterator[Term]:
    """Every term of a tree, wanted or not, in the order written."""
    return (leaf.term for leaf in leaves(node) if isinstance(leaf, Words))


def chains(node: Node) -> Iterator[Near]:
    """Every NEAR and ONEAR of a tree, wanted or not."""
    if isinstance(node, Near):
        yield node
    elif isinstance(node, And | Or):
        for child in node.children:
            yield from chains(child)
    elif isinstance(node, Not):
        yield from chains(node.child)
