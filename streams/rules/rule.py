"""A rule: a query with a name, and what follows when a post matches."""

from typing import Literal, get_args

import msgspec

from streams.rules.parse import parse
from streams.rules.tree import And, Field, Node, toward

Severity = Literal["blue", "yellow", "orange", "red"]
SEVERITIES: tuple[str, ...] = get_args(Severity)
"""蓝, 黄, 橙, 红: 一般, 较大, 重大, 特别重大."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule about single posts.

    Attributes:
        name: unique among all rules.
        query: what a post must be (docs/rules.md).
        brand: whose rule it is; `sentiment` then means the tone toward this brand where a post names it.
        sentiment: `pos`, `neu` or `neg`: only posts of this tone; "" for any.
        reach: only authors with at least so many followers.
        severity: how bad a match is.
        enabled: whether it is in use.
        description: why it exists, for whoever is woken by it.
    """

    name: str
    query: str
    brand: str = ""
    sentiment: str = ""
    reach: int = 0
    severity: Severity = "blue"
    enabled: bool = True
    description: str = ""

    def tree(self) -> Node:
        """The tree of the query together with tone and reach.

        Raises:
            QueryError: the query has a mistake.
        """
        parts = [parse(self.query)]
        if self.sentiment:
            parts.append(Field("sentiment", self.sentiment))
        if self.reach:
            parts.append(Field("followers", None, low=self.reach))
        return toward(parts[0] if len(parts) == 1 else And(tuple(parts)), self.brand)
