"""A tree as nested functions, made once for each rule and called for each post that may match."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from streams.rules.fields import FIELDS, Columns
from streams.rules.near import Hop, chain
from streams.rules.patterns import Regex
from streams.rules.posts import Post
from streams.rules.tree import And, Field, Leaf, Near, Node, Not, Or, Pattern, Step, Words
from streams.text.finder import Found, Term
from streams.text.normalise import origins

Check: TypeAlias = Callable[[Post], Sequence[Found] | None]
"""The occurrences of wanted terms that make a node true of a post; None where it is not true."""

_ORDER = (Words, Near, Field, And, Or, Not, Pattern)
"""Parts of an AND, the quickest to look at first."""


def compile_tree(node: Node, numbers: Mapping[Term, int]) -> Check:
    """The check of a tree.

    Args:
        node: the tree.
        numbers: of every term in it, as `Post.find` takes them.
    """
    if isinstance(node, Near):
        return _near(node, numbers)
    if isinstance(node, Not):
        return _not(compile_tree(node.child, numbers))
    if isinstance(node, And):
        ordered = sorted(node.children, key=lambda child: _ORDER.index(type(child)))
        return _and([compile_tree(child, numbers) for child in ordered])
    if isinstance(node, Or):
        return _or([compile_tree(child, numbers) for child in node.children])
    return _leaf(node, numbers)


def _leaf(node: Leaf, numbers: Mapping[Term, int]) -> Check:
    if isinstance(node, Words):
        number = numbers[node.term]
        return lambda post: post.find(number) or None
    if isinstance(node, Pattern):
        return _pattern(node)
    return _field(node)


def _and(checks: Sequence[Check]) -> Check:
    def check(post: Post) -> Sequence[Found] | None:
        parts: list[Found] = []
        for inner in checks:
            part = inner(post)
            if part is None:
                return None
            parts += part
        return parts

    return check


def _or(checks: Sequence[Check]) -> Check:
    def check(post: Post) -> Sequence[Found] | None:
        parts: list[Found] | None = None
        for inner in checks:
            part = inner(post)
            if part is not None:
                parts = [*part] if parts is None else [*parts, *part]
        return parts

    return check


def _not(inner: Check) -> Check:
    return lambda post: () if inner(post) is None else None


def _near(node: Near, numbers: Mapping[Term, int]) -> Check:
    first = [numbers[words.term] for words in node.first]
    steps: list[tuple[Step, list[int]]] = [
        (step, [numbers[words.term] for words in step.operand]) for step in node.steps
    ]

    def check(post: Post) -> Sequence[Found] | None:
        left = _all(post, first)
        if not left:
            return None
        hops = [Hop(_all(post, operand), step.distance, step.ordered) for step, operand in steps]
        return chain(left, hops) if all(hop.found for hop in hops) else None

    return check


def _all(post: Post, numbers: Sequence[int]) -> Sequence[Found]:
    if len(numbers) == 1:
        return post.find(numbers[0])
    return [hit for number in numbers for hit in post.find(number)]


def _pattern(node: Pattern) -> Check:
    regex = Regex(node.source)

    def check(post: Post) -> Sequence[Found] | None:
        if not regex.holds(post.folded):
            return None
        places = origins(post.original)
        return [
            Found(-1, places[start], places[stop - 1] + 1, 0, 0, "")
            for start, stop in regex.spans(post.folded)
        ]

    return check


def _field(node: Field) -> Check:
    holds = field_test(node)
    return lambda post: () if holds(post.columns, post.row) else None


def field_test(node: Field) -> Callable[[Columns, int], bool]:
    """Whether a condition on a field is true of a post: the fields of a batch and its number there decide."""
    name, value, low, high, brand = node.name, node.value, node.low, node.high, node.brand

    def number(columns: Columns, row: int) -> bool:
        found = columns.numbers(name)[row]
        return found is not None and low <= found <= high

    if value is None:
        return number
    wanted = value

    def contains(columns: Columns, row: int) -> bool:
        return any(wanted in found for found in columns.values(name, brand)[row])

    def equals(columns: Columns, row: int) -> bool:
        return wanted in columns.values(name, brand)[row]

    return contains if FIELDS[name].kind == "contains" else equals
