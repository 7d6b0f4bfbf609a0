"""Which posts and shares an alert is about, as SQL over both with the same columns."""

from collections.abc import Sequence
from typing import Any

from streams.alerts.model import Alert
from streams.rules.rule import Rule
from streams.topics.alert import Ref

INSIDE = "<at> >= fromUnixTimestamp64Milli({start:Int64}) AND <at> < fromUnixTimestamp64Milli({stop:Int64})"
"""The window of the alert."""

_POST = {
    "kind": "post",
    "table": "posts",
    "at": "published",
    "id": "post_id",
    "root": "post_id",
    "thread": "if(reply_to = '', post_id, reply_to)",
    "author": "author_id",
    "reposts": "reposts",
    "url": "url",
}
_SHARE = {
    "kind": "share",
    "table": "shares",
    "at": "shared",
    "id": "share_id",
    "root": "root_id",
    "thread": "root_id",
    "author": "user_id",
    "reposts": "toUInt64(0)",
    "url": "''",
}
_PER = {"root": "<thread>", "author": "<author>", "platform": "platform"}
_RATIOS = ("negative_share", "nsr")
"""Of tones: a sentiment that their rule names is no condition."""

_NAMED = "has(`mentions.brand`, {brand:String})"
_TOWARD = "toString(`mentions.sentiment`[indexOf(`mentions.brand`, {brand:String})])"
_ROWS = """\
SELECT
    '{kind}' AS kind, toString(platform) AS platform, {id} AS id, {root} AS root, {at} AS at, {author} AS author,
    author_followers AS followers, {reposts} AS reposts, {url} AS url, text, simhash, intent, own_brand AS own,
    {tone} AS tone, `aspects.aspect` AS aspects, `mentions.brand` AS brands,
    `mentions.evidence_start` AS starts, `mentions.evidence_stop` AS stops, {matched} AS matched
FROM {table}_{view}
WHERE ({moments}) AND ({where})"""

# A prefix of the sort key for a post; shares are sorted by their roots, but have an index over their times.
_POST_POINT = (
    "toStartOfHour(published) = toStartOfHour(fromUnixTimestamp64Milli({{at{n}:Int64}})) "
    "AND platform = {{platform{n}:String}} AND post_id = {{id{n}:String}}"
)
_SHARE_POINT = (
    "shared = fromUnixTimestamp64Milli({{at{n}:Int64}}) "
    "AND platform = {{platform{n}:String}} AND share_id = {{id{n}:String}}"
)


class Matched:
    """The posts and shares that an alert is about.

    Columns: kind, platform, id, root, at, author, followers, reposts, url, text, simhash, intent, own, tone, aspects,
    brands, starts and stops (of the evidence toward each brand), matched.

    Args:
        alert: the alert.
        rule: as it was when it spoke; None where that is not known.
        start, stop: Unix seconds; the stop is not included.

    Attributes:
        params: what the SQL binds.
        searched: whether the rule looks for words, so that its hits are counted; else the brand's mentions are.
    """

    def __init__(self, alert: Alert, rule: Rule | None, start: float, stop: float) -> None:
        self.start, self.stop = start, stop
        self.searched = bool(rule.query) if rule else alert.kind == "post" or not alert.brand
        self.params: dict[str, Any] = {
            "brand": alert.brand,
            "rule": alert.rule,
            "entity": alert.entity,
            "start": milliseconds(start),
            "stop": milliseconds(stop),
        }
        if alert.kind == "cascade":
            matched = "<root> = {entity:String}"
        elif self.searched:
            matched = "has(`hits.rule`, {rule:String})"
        else:
            matched = _NAMED
            if rule and rule.sentiment and rule.measure not in _RATIOS:
                self.params["tone"] = rule.sentiment
                matched += " AND tone = {tone:String}"
            if rule and rule.reach:
                self.params["reach"] = rule.reach
                matched += " AND author_followers >= {reach:UInt64}"
        per = _PER.get(rule.per, "") if rule and alert.entity else ""
        if per:
            matched += f" AND {per} = {{entity:String}}"
        if rule and rule.platform:
            self.params["platform"] = rule.platform
            matched += " AND platform = {platform:String}"
        self._matched = matched
        # The sentiment of all that is said of the brand, not only of what a rule about complaints picks out.
        self._said = (
            f"({matched}) OR {_NAMED}" if alert.brand and alert.kind != "cascade" and not per else matched
        )
        self._tone = _TOWARD if alert.brand else "toString(sentiment)"
        self._view = "organic" if rule and rule.organic else "latest"

    def rows(self, moments: str = INSIDE, *, besides: bool = False) -> str:
        """A subquery without its brackets.

        Args:
            moments: condition on `<at>`.
            besides: with what else is said of its brand; `matched` tells which is which.
        """
        return " UNION ALL ".join(
            _ROWS.format(
                **names,
                view=self._view,
                tone=self._tone,
                matched=_renamed(self._matched, names),
                where=_renamed(self._said if besides else self._matched, names),
                moments=_renamed(moments, names),
            )
            for names in (_POST, _SHARE)
        )


def named(refs: Sequence[Ref], brand: str) -> tuple[str, dict[str, Any]]:
    """The same subquery of just these posts and shares, with the tone toward a brand, and what it binds."""
    params: dict[str, Any] = {"brand": brand}
    points: dict[str, list[str]] = {"post": [], "share": []}
    for n, ref in enumerate(refs):
        params |= {f"at{n}": milliseconds(ref.at), f"platform{n}": ref.platform, f"id{n}": ref.id}
        points[ref.kind].append((_POST_POINT if ref.kind == "post" else _SHARE_POINT).format(n=n))
    rows = (
        _ROWS.format(
            **names,
            view="latest",
            tone=_TOWARD if brand else "toString(sentiment)",
            matched="1",
            moments="1",
            where=" OR ".join(points[names["kind"]]),
        )
        for names in (_POST, _SHARE)
        if points[names["kind"]]
    )
    return " UNION ALL ".join(rows), params


def milliseconds(at: float) -> int:
    """Unix seconds as ClickHouse takes them here."""
    return round(at * 1000)


def _renamed(condition: str, names: dict[str, str]) -> str:
    for name in ("at", "root", "thread", "author"):
        condition = condition.replace(f"<{name}>", names[name])
    return condition
