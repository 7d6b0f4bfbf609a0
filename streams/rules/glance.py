"""A quick look that tells most posts which a rule cannot match: substrings and fields, no places.

Whatever stands in a text as the language has it, stands in its squeezed form as a plain substring, unless the
term asks for evasions. So a look that says no is right, and one that says yes means that it is worth finding.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from streams.rules.compile import Check, Post, field_check
from streams.rules.tree import And, Field, Near, Node, Or, Words
from streams.text.finder import Term
from streams.text.normalise import fold
from streams.text.track import letter, squeeze

Glance: TypeAlias = Callable[[Post], bool]
"""Whether a post may be matched."""


def needle(term: Term) -> tuple[str, bool]:
    """What stands in every text that holds a term without evasions, and whether to look in the squeezed text."""
    text = " ".join(fold(term.text).split())
    if text and letter(text[0]) and letter(text[-1]):
        return squeeze([text]).squeezed, True
    return text, False


def glance(node: Node) -> Glance | None:
    """The look for a tree; None where it could only say yes."""
    if isinstance(node, Words):
        return None if node.term.evasions else _holds(node.term)
    if isinstance(node, Field):
        return _true(field_check(node))
    if isinstance(node, And):
        return _all([look for child in node.children if (look := glance(child))])
    if isinstance(node, Or):
        return _any([glance(child) for child in node.children])
    if isinstance(node, Near):
        operands = (node.first, *(step.operand for step in node.steps))
        return _all([look for operand in operands if (look := _any([glance(words) for words in operand]))])
    return None


def _holds(term: Term) -> Glance:
    sought, squeezed = needle(term)
    if squeezed:
        return lambda post: sought in post.squeezed
    return lambda post: sought in post.folded


def _true(check: Check) -> Glance:
    return lambda post: check(post) is not None


def _all(looks: Sequence[Glance]) -> Glance | None:
    if len(looks) < 2:
        return looks[0] if looks else None

    return lambda post: all(look(post) for look in looks)


def _any(looks: Sequence[Glance | None]) -> Glance | None:
    sure = [look for look in looks if look is not None]
    if len(sure) < len(looks):
        return None
    if len(sure) == 1:
        return sure[0]

    return lambda post: any(look(post) for look in sure)
