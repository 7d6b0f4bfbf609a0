"""A tree as nested functions, made once for each rule and called for each post that may match."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from streams.rules.fields import FIELDS, Columns
from streams.rules.near import Hop, chain
from streams.rules.patterns import Regex
from streams.rules.tree import And, Field, Leaf, Near, Node, Not, Or, Pattern, Step, Words
from streams.text.finder import Found, Term
from streams.text.normalise import origins


class Post:
    """One post of a batch, as far as rules look at it.

    Args:
        row: its number in the batch.
        text: as it came.
        folded: the same, folded.
        squeezed: the folded text without symbols and repeats (`streams.text.track`).
        columns: fields of the batch.

    Attributes:
        found: number of a term → its occurrences; a term that is not there is missing.
    """

    __slots__ = ("columns", "folded", "found", "row", "squeezed", "text")

    def __init__(self, row: int, text: str, folded: str, squeezed: str, columns: Columns) -> None:
        self.row = row
        self.text = text
        self.folded = folded
        self.squeezed = squeezed
        self.columns = columns
        self.found: Mapping[int, Sequence[Found]] = {}


Check: TypeAlias = Callable[[Post], Sequence[Found] | None]
"""The occurrences of wanted terms that make a node true of a post; None where it is not true."""

_ORDER = (Words, Near, Field, And, Or, Not, Pattern)
"""Parts of an AND, the quickest to look at first."""


def compile_tree(node: Node, numbers: Mapping[Term, int]) -> Check:
    """The check of a tree.

    Args:
        node: the tree.
        numbers: of every term in it, as `Post.found` has them.
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
        return lambda post: post.found.get(number)
    if isinstance(node, Pattern):
        return _pattern(node)
    return field_check(node)


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
        hops = [Hop(_all(post, operand), step.distance, step.ordered) for step, operand in steps]
        return chain(left, hops) if left and all(hop.found for hop in hops) else None

    return check


def _all(post: Post, numbers: Sequence[int]) -> Sequence[Found]:
    if len(numbers) == 1:
        return post.found.get(numbers[0], ())
    return [hit for number in numbers for hit in post.found.get(number, ())]


def _pattern(node: Pattern) -> Check:
    regex = Regex(node.source)

    def check(post: Post) -> Sequence[Found] | None:
        if not regex.holds(post.folded):
            return None
        places = origins(post.text)
        return [
            Found(-1, places[start], places[stop - 1] + 1, 0, 0, "")
            for start, stop in regex.spans(post.folded)
        ]

    return check


def field_check(node: Field) -> Check:
    """The check of a condition on a field, which needs nothing to be found in the text."""
    name, value, low, high, brand = node.name, node.value, node.low, node.high, node.brand

    def number(post: Post) -> Sequence[Found] | None:
        found = post.columns.numbers(name)[post.row]
        return () if found is not None and low <= found <= high else None

    if value is None:
        return number
    wanted = value

    def contains(post: Post) -> Sequence[Found] | None:
        return () if any(wanted in found for found in post.columns.values(name, brand)[post.row]) else None

    def equals(post: Post) -> Sequence[Found] | None:
        return () if wanted in post.columns.values(name, brand)[post.row] else None

    return contains if FIELDS[name].kind == "contains" else equals
