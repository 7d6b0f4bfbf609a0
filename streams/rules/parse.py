"""From the words of a query to its tree. Binding, tightest first: NEAR, NOT, AND (written or not), OR."""

from streams.rules import mistakes
from streams.rules.scan import Token, scan
from streams.rules.tree import And, Near, Node, Not, Or, Step, Words, negate

DEEPEST = 50
"""How many groups may lie inside each other; each takes six calls of Python's thousand."""


def parse(query: str) -> Node:
    """The tree of a query.

    Raises:
        QueryError: what is wrong, in which column.
    """
    tree = _Parser(query).whole()
    column = _only_negative(tree)
    if column is not None:
        raise mistakes.pure_negation(column)
    return tree


class _Parser:
    """Recursive descent; every method reads one rule of the grammar from the token at hand."""

    def __init__(self, query: str) -> None:
        self._tokens = scan(query)
        self._next = next(self._tokens)
        self._open: list[int] = []

    def whole(self) -> Node:
        if self._next.kind == "end":
            raise mistakes.empty_query()
        tree = self._or()
        if self._next.kind == ")":
            raise mistakes.unmatched_paren(self._next.column)
        return tree

    def _advance(self) -> Token:
        token = self._next
        if token.kind != "end":
            self._next = next(self._tokens)
        return token

    def _or(self) -> Node:
        arms = [self._and(None)]
        while self._next.kind == "OR":
            arms.append(self._and(self._advance()))
        return _joined(Or, arms)

    def _and(self, operator: Token | None) -> Node:
        parts = [self._unary(operator)]
        while True:
            if self._next.kind == "AND":
                parts.append(self._unary(self._advance()))
            elif self._next.kind in ("NOT", "(", "leaf"):
                parts.append(self._unary(None))
            else:
                return _joined(And, parts)

    def _unary(self, operator: Token | None) -> Node:
        """A part with any number of NOT before it, read in a loop: a query may hold thousands in a row."""
        first: Token | None = None
        count = 0
        while self._next.kind == "NOT":
            operator = self._advance()
            first = first or operator
            count += 1
        node = self._near(operator)
        if first is None or count % 2 == 0:
            return node
        return negate(node, first.column)

    def _near(self, operator: Token | None) -> Node:
        first = self._primary(operator)
        steps: list[Step] = []
        while self._next.kind == "NEAR":
            near = self._advance()
            second = self._primary(near)
            left = steps[-1].operand if steps else _operand(first)
            right = _operand(second)
            if left is None or right is None:
                raise mistakes.bad_near_operand(near.column, near.written)
            steps.append(Step(near.distance, near.ordered, right))
        if not steps:
            return first
        return Near(_operand(first) or (), tuple(steps))

    def _primary(self, operator: Token | None) -> Node:
        """A leaf or a group; `operator` is the one right before it, which else lacks its operand."""
        token = self._next
        if token.kind == "leaf":
            self._advance()
            assert token.leaf is not None
            return token.leaf
        if token.kind == "(":
            return self._group()
        if operator is not None:
            raise mistakes.missing_operand(operator.column, operator.written)
        if token.kind == ")":
            raise mistakes.unmatched_paren(token.column)
        if token.kind == "end":
            raise mistakes.unclosed_paren(self._open[0])
        raise mistakes.missing_operand(token.column, token.written)

    def _group(self) -> Node:
        column = self._next.column
        if len(self._open) == DEEPEST:
            raise mistakes.too_deep(column, DEEPEST)
        self._open.append(column)
        self._advance()
        if self._next.kind == ")":
            raise mistakes.empty_group(column)
        tree = self._or()
        if self._advance().kind == "end":
            raise mistakes.unclosed_paren(self._open[0])
        self._open.pop()
        return tree


def _joined(kind: type[And] | type[Or], nodes: list[Node]) -> Node:
    """One node for all, groups of the same kind taken in."""
    if len(nodes) == 1:
        return nodes[0]
    return kind(
        tuple(part for node in nodes for part in (node.children if isinstance(node, kind) else (node,)))
    )


def _operand(node: Node) -> tuple[Words, ...] | None:
    """What NEAR may stand beside: a term, a phrase, or an OR of them."""
    if isinstance(node, Words):
        return (node,)
    if isinstance(node, Or):
        words = tuple(child for child in node.children if isinstance(child, Words))
        return words if len(words) == len(node.children) else None
    return None


def _only_negative(node: Node) -> int | None:
    """Column of the first NOT that lets a post match which holds no wanted term; None if there is none."""
    if isinstance(node, Not):
        return node.column
    if not isinstance(node, And | Or):
        return None
    columns = [_only_negative(child) for child in node.children]
    # of an AND one part that wants something is enough, of an OR every arm must
    if isinstance(node, Or):
        return next((column for column in columns if column is not None), None)
    return None if None in columns else columns[0]
