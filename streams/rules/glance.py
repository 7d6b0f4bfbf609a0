"""A quick look that tells most posts which a rule cannot match: substrings and fields, no places.

Whatever stands in a text as the language has it, stands in its squeezed form as a plain substring, unless the
term asks for evasions. So a look that says no is right, and one that says yes means that it is worth finding.
"""

import re
from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from streams.rules.compile import field_test
from streams.rules.patterns import Regex
from streams.rules.posts import Batch
from streams.rules.tree import And, Field, Leaf, Near, Node, Not, Or, Pattern
from streams.text.finder import Term
from streams.text.joined import SEPARATOR
from streams.text.normalise import fold
from streams.text.track import letter, squeeze

Glance: TypeAlias = Callable[[str, Batch, int], bool]
"""Squeezed text of a post, its batch and its number there → whether it may be matched."""

_TWICE = re.compile("([a-z])(?=\\1)")


def needle(term: Term) -> tuple[str, bool]:
    """What stands in every text that holds a term without evasions, and whether to look in the squeezed text."""
    text = " ".join(fold(term.text).split())
    if text and letter(text[0]) and letter(text[-1]):
        # A double Latin letter is one or, with symbols between, two: o.p.p.o.
        pieces = _TWICE.sub(r"\1" + SEPARATOR, "".join(map(letter, text))).split(SEPARATOR)
        return max(squeeze(pieces).squeezed.split(SEPARATOR), key=len), True
    return text, False


def glance(node: Node, waited: Collection[Leaf] = ()) -> Glance | None:
    """The look for a tree; None where it could only say yes.

    Args:
        node: the tree.
        waited: leaves of which one turned up in every post that is looked at.
    """
    if waited and all(_follows(node, leaf) for leaf in waited):
        return None
    if isinstance(node, And):
        ordered = sorted(node.children, key=lambda child: isinstance(child, Pattern))  # the slowest last
        return _all([look for child in ordered if (look := glance(child, waited))])
    if isinstance(node, Or):
        return _any([glance(child) for child in node.children])
    if isinstance(node, Near):
        operands = (node.first, *(step.operand for step in node.steps))
        return _all([look for operand in operands if (look := glance(Or(operand), waited))])
    return None if isinstance(node, Not) else _leaf(node)


def _follows(node: Node, leaf: Leaf) -> bool:
    """Whether a look for a node only says yes where a leaf turned up."""
    return node == leaf or (isinstance(node, Or) and any(_follows(child, leaf) for child in node.children))


def _leaf(node: Leaf) -> Glance | None:
    if isinstance(node, Pattern):
        regex = Regex(node.source)
        return lambda _, batch, row: regex.holds(batch.folded[row])
    if isinstance(node, Field):
        holds = field_test(node)
        return lambda _, batch, row: holds(batch.columns, row)
    if node.term.evasions:
        return None
    sought, inside = needle(node.term)
    if (
        len(sought) == 1 and not sought.isascii()
    ):  # 哈哈, which no symbols part: more than 哈 must stand there
        sought, inside = node.term.folded, False
    if inside:
        return lambda squeezed, _, __: sought in squeezed
    return lambda _, batch, row: sought in batch.folded[row]


def _all(looks: Sequence[Glance]) -> Glance | None:
    if len(looks) < 2:
        return looks[0] if looks else None

    def every(squeezed: str, batch: Batch, row: int) -> bool:
        for look in looks:  # noqa: SIM110 - quicker than all() over a generator
            if not look(squeezed, batch, row):
                return False
        return True

    return every


def _any(looks: Sequence[Glance | None]) -> Glance | None:
    sure = [look for look in looks if look is not None]
    if len(sure) < len(looks):
        return None
    if len(sure) == 1:
        return sure[0]

    def some(squeezed: str, batch: Batch, row: int) -> bool:
        for look in sure:  # noqa: SIM110 - as above
            if look(squeezed, batch, row):
                return True
        return False

    return some
