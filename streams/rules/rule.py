"""A rule: what posts, or numbers over many posts, are to be, and what follows when they are."""

from typing import Literal, get_args

import msgspec

from streams.rules.parse import parse
from streams.rules.tree import And, Field, Node, toward
from streams.severity import SEVERITIES, Severity
from streams.topics.alert import Kind

Per = Literal["", "root", "author", "platform"]
Measured = Literal["count", "negative_share", "nsr", "authors", "reach", "growth", "generation"]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""Single posts, numbers over a window, sudden growth, spreading, a platform or a brand gone quiet."""

MEASURES: dict[Kind, tuple[Measured, ...]] = {
    "window": ("count", "negative_share", "nsr", "authors", "reach"),
    "cascade": ("generation", "growth"),
}
"""What a rule of a kind can measure."""

WINDOWS: dict[Kind, float] = {"spike": 3600.0, "cascade": 3600.0, "silent": 7 * 86_400.0}
"""Seconds that the window of a kind has where the file says nothing; ten minutes for the others."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule. Which fields a kind reads, and needs, is said in docs/rules.md and checked in `files`.

    Attributes:
        name: unique among all rules.
        query: what a post must be (docs/rules.md); "" counts every mention of the brand, kinds but `post` only.
        brand: whose rule it is; `sentiment` then means the tone toward this brand where a post names it.
        sentiment: `pos`, `neu` or `neg`: only posts of this tone; "" for any.
        reach: only authors with at least so many followers.
        severity: how bad it is.
        enabled: whether it is in use.
        description: why it exists, for whoever is woken by it.
        kind: what is judged: each post, or a number over a window.
        alert: whether anybody is told; False only stores the hits.
        per: what an alert is about besides rule and brand; "" gives one alert a rule and brand.
        by_reach: severity → followers of one author from which on it is that bad.
        by_count: severity → matches within ten minutes (`post`) or the window (others) from which on it is.
        max_age: seconds; older posts are stored, never sent.
        window: seconds that are looked back.
        measure: what is measured in them.
        above: it holds from this value on; None for no such bound.
        below: it holds down from this value; None for no such bound.
        minimum: least sample of a ratio; least count of a spike.
        hold: seconds that it must hold before it counts.
        team: whom it is routed to; "" leaves that to the routes.
        platform: only this platform; "" for all. A post rule says so in its query.
        organic: whether posts of accounts labelled as 水军 are left out of the numbers.
    """

    name: str
    query: str = ""
    brand: str = ""
    sentiment: str = ""
    reach: int = 0
    severity: Severity = "blue"
    enabled: bool = True
    description: str = ""
    kind: Kind = "post"
    alert: bool = True
    per: Per = ""
    by_reach: dict[Severity, int] = {}
    by_count: dict[Severity, int] = {}
    max_age: float = 86_400.0
    window: float = 600.0
    measure: Measured = "count"
    above: float | None = None
    below: float | None = None
    minimum: int = 20
    hold: float = 0.0
    team: str = ""
    platform: str = ""
    organic: bool = False

    def tree(self) -> Node | None:
        """The tree of the query together with tone and reach; None where no single post is asked about.

        Raises:
            QueryError: the query has a mistake.
        """
        if not self.query and self.kind != "post":
            return None
        parts = [parse(self.query)]
        if self.sentiment:
            parts.append(Field("sentiment", self.sentiment))
        if self.reach:
            parts.append(Field("followers", None, low=self.reach))
        return toward(parts[0] if len(parts) == 1 else And(tuple(parts)), self.brand)

    @property
    def measurable(self) -> bool:
        """Whether there is a number for it and a bound: `files` asks for that, a stored definition may not have it."""
        known = MEASURES.get(self.kind)
        bounds = (self.above,) if self.kind == "cascade" else (self.above, self.below)
        return known is None or (self.measure in known and bounds.count(None) < len(bounds))

    def raised(self, *, followers: int = 0, count: int = 0) -> Severity:
        """How bad it is, given the most followers of an author and the number of matches."""
        reached = [
            level
            for limits, found in ((self.by_reach, followers), (self.by_count, count))
            for level, limit in limits.items()
            if found >= limit
        ]
        return max((self.severity, *reached), key=SEVERITIES.index)

    def holds(self, value: float | None) -> bool:
        """Whether a measured value is beyond a bound; None, a sample too small, never is."""
        if value is None:
            return False
        return (self.above is not None and value >= self.above) or (
            self.below is not None and value <= self.below
        )
