"""One query over one post, node by node as the language defines it: what the compiled matcher must equal."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import NamedTuple, TypeAlias

from streams.rules import fields as typed
from streams.rules.patterns import Regex
from streams.rules.tree import And, Field, Near, Node, Not, Pattern, Step, Words
from streams.text.finder import Finder, Found, Term
from streams.text.normalise import normalise, origins
from streams.text.segment import Segmenter

Read: TypeAlias = Callable[[str, str], object]
"""(field, brand) → its raw value in a post; None and "" are absent. The brand matters to `sentiment` alone."""


class Span(NamedTuple):
    """A wanted term that took part in a match.

    Attributes:
        start: code point of the original text at which it begins.
        stop: code point behind it.
        variant: `exact`, or how it was dressed up (`streams.text.finder.Found`).
    """

    start: int
    stop: int
    variant: str


def evaluate(tree: Node, text: str, read: Read, segmenter: Segmenter) -> tuple[Span, ...] | None:
    """The spans of a match in order, or None where the query is not true of the post.

    Args:
        tree: of the query.
        text: of the post.
        read: gives the fields of the post.
        segmenter: cuts the text.
    """
    found = _Post(text, read, segmenter).wanted(tree)
    return None if found is None else spans(found)


def spans(found: Sequence[Found]) -> tuple[Span, ...]:
    """Occurrences as spans, in order and each once."""
    return tuple(sorted({Span(hit.start, hit.stop, hit.variant or "exact") for hit in found}))


class _Post:
    def __init__(self, text: str, read: Read, segmenter: Segmenter) -> None:
        self._text = text
        self._read = read
        self._segmenter = segmenter
        self._folded = normalise([text])
        self._cuts = segmenter.cut(self._folded)

    def wanted(self, node: Node) -> list[Found] | None:
        """What makes the node true; None if it is not."""
        if isinstance(node, Words):
            return self._find(node.term) or None
        if isinstance(node, Pattern):
            return self._search(node)
        if isinstance(node, Field):
            return [] if self._holds(node) else None
        if isinstance(node, Near):
            return self._near(node)
        if isinstance(node, Not):
            return [] if self.wanted(node.child) is None else None
        parts = [self.wanted(child) for child in node.children]
        holds = None not in parts if isinstance(node, And) else any(part is not None for part in parts)
        return [hit for part in parts for hit in part or ()] if holds else None

    def _find(self, term: Term) -> list[Found]:
        return Finder([term], self._segmenter).find([self._text], self._folded, self._cuts).get(0, [])

    def _search(self, pattern: Pattern) -> list[Found] | None:
        [folded] = self._folded
        regex = Regex(pattern.source)
        if not regex.holds(folded):
            return None
        places = origins(self._text)
        return [
            Found(-1, places[start], places[stop - 1] + 1, 0, 0, "") for start, stop in regex.spans(folded)
        ]

    def _holds(self, field: Field) -> bool:
        raw = self._read(field.name, field.brand)
        if field.value is None:
            number = typed.number(field.name, raw)
            return number is not None and field.low <= number <= field.high
        values = typed.values(raw)
        if typed.FIELDS[field.name].kind == "contains":
            return any(field.value in value for value in values)
        return field.value in values

    def _near(self, node: Near) -> list[Found] | None:
        chains: list[tuple[Found, ...]] = [(hit,) for hit in self._operand(node.first)]
        for step in node.steps:
            right = self._operand(step.operand)
            chains = [(*chain, hit) for chain, hit in product(chains, right) if _joins(chain, hit, step)]
        return [hit for chain in chains for hit in chain] or None

    def _operand(self, operand: tuple[Words, ...]) -> list[Found]:
        return [hit for words in operand for hit in self._find(words.term)]


def _joins(chain: tuple[Found, ...], right: Found, step: Step) -> bool:
    """Whether at most so many tokens lie between what was found so far and the right operand."""
    start, stop = min(hit.start for hit in chain), max(hit.stop for hit in chain)
    first, last = min(hit.first for hit in chain), max(hit.last for hit in chain)
    after = stop <= right.start and right.first - last <= step.distance
    before = right.stop <= start and first - right.last <= step.distance
    return after or (before and not step.ordered)
