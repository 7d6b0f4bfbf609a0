"""How cases went: how fast, how many in time, and what came of each."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from streams.alerts.case import Case
from streams.alerts.outcomes import FEWEST, HOUR, Outcome, half_life, said
from streams.read.queries import Reader

DAYS = 14.0
"""Days before a case and after it in which its authors are listened to."""

LONGEST = 7 * 86_400.0
"""Seconds of the negative volume that are looked at, from when the alert's posts began."""

By = Literal["all", "severity", "brand", "owner", "rule"]


class Pace(NamedTuple):
    """How fast one clock was.

    Attributes:
        ended: cases in which it ended.
        median, p90: seconds; None without any. Between two values as a straight line.
        inside: share within the limit, of the cases whose clock has ended or run out; None without any.
    """

    ended: int
    median: float | None
    p90: float | None
    inside: float | None


class Report(NamedTuple):
    """The cases of one group.

    Attributes:
        name: severity, brand, owner or rule; "" for all together.
        cases: how many were opened.
        open: how many are not ended.
        reopened: how many came back at least once.
        respond: the clock until the first reply.
        resolve: the clock until it was resolved, or closed without.
    """

    name: str
    cases: int
    open: int
    reopened: int
    respond: Pace
    resolve: Pace


_GROUPS: Mapping[By, str] = {
    "all": "''",
    "severity": "severity",
    "brand": "brand",
    "owner": "owner",
    "rule": "rule",
}
_PACE = """
    toUInt64(count({clock}_seconds)), quantileExactInclusive(0.5)({clock}_seconds),
    quantileExactInclusive(0.9)({clock}_seconds), avg({mark})"""
_REPORT = f"""
SELECT
    <group> AS name, toUInt64(count()), toUInt64(countIf(state NOT IN ('resolved', 'closed'))),
    toUInt64(countIf(reopened > 0)),{_PACE.format(clock="response", mark="responded_in_time")},
{_PACE.format(clock="resolution", mark="resolved_in_time")}
FROM case_clocks
WHERE opened_at >= fromUnixTimestamp64Milli({{since:Int64}}) AND opened_at < fromUnixTimestamp64Milli({{until:Int64}})
    AND ({{brand:String}} = '' OR brand = {{brand:String}})
    AND ({{owner:String}} = '' OR owner = {{owner:String}})
GROUP BY name
ORDER BY indexOf(['red', 'orange', 'yellow', 'blue'], name), count() DESC, name
"""  # noqa: S608 - our own words

_CASE = """
SELECT snapshot FROM alert_log WHERE subject = 'case' AND id = {case:String}
ORDER BY seq DESC, revision DESC LIMIT 1
"""
_WINDOW = """
SELECT toUnixTimestamp64Milli(window_start), toUnixTimestamp64Milli(window_end)
FROM alerts WHERE alert_id = {alert:String}
"""
_SAID = """
WITH
    within AS
    (
        SELECT
            platform, author_id, at, score, sentiment,
            at < fromUnixTimestamp64Milli(least({opened:Int64}, {start:Int64})) AS earlier,
            at >= fromUnixTimestamp64Milli({ended:Int64}) AS later
        FROM mentions
        WHERE brand = {brand:String} AND author_id != '' AND own_brand != {brand:String}
            AND at >= fromUnixTimestamp64Milli({before:Int64}) AND at < fromUnixTimestamp64Milli({after:Int64})
    ),
    angry AS
    (
        SELECT DISTINCT platform, author_id FROM within
        WHERE sentiment = 'neg'
            AND at BETWEEN fromUnixTimestamp64Milli({start:Int64}) AND fromUnixTimestamp64Milli({stop:Int64})
    )
SELECT
    (SELECT count() FROM angry), toUInt64(count()), sum(posts_before), sum(score_before), sum(negative_before),
    sum(posts_after), sum(score_after), sum(negative_after)
FROM
(
    SELECT
        platform, author_id,
        countIf(earlier) AS posts_before, sumIf(score, earlier) AS score_before,
        countIf(earlier AND sentiment = 'neg') AS negative_before,
        countIf(later) AS posts_after, sumIf(score, later) AS score_after,
        countIf(later AND sentiment = 'neg') AS negative_after
    FROM within
    WHERE (platform, author_id) IN angry
    GROUP BY platform, author_id
    HAVING posts_before > 0 AND posts_after > 0
)
"""
_VOLUME = """
SELECT toInt64(intDiv(toUnixTimestamp64Milli(at) - {from:Int64}, {step:Int64})) AS hour, toUInt64(count())
FROM mentions
WHERE brand = {brand:String} AND sentiment = 'neg'
    AND at >= fromUnixTimestamp64Milli({from:Int64}) AND at < fromUnixTimestamp64Milli({to:Int64})
GROUP BY hour
"""

_decode = msgspec.json.Decoder(Case).decode


async def report(
    reader: Reader, since: float, until: float, *, by: By = "all", brand: str = "", owner: str = ""
) -> list[Report]:
    """How the cases went that were opened in a window, group by group. Raises like `Reader.run`.

    Args:
        reader: the store.
        since: begin of the window, Unix seconds.
        until: its end, not included.
        by: what they are grouped by.
        brand: only this brand's; "" for all.
        owner: only this person's; "" for all.
    """
    found = await reader.ask(
        _REPORT.replace("<group>", _GROUPS[by]),
        {"since": round(since * 1000), "until": round(until * 1000), "brand": brand, "owner": owner},
    )
    return [
        Report(name, cases, still, again, Pace(*rest[:4]), Pace(*rest[4:]))
        for name, cases, still, again, *rest in found.rows
    ]


async def case(reader: Reader, case_id: str) -> Case | None:
    """One case as it stands; None if there is none. Raises like `Reader.run`."""
    found = await reader.ask(_CASE, {"case": case_id})
    return _decode(found.rows[0][0]) if found.rows else None


async def outcome(reader: Reader, one: Case, now: float, *, fewest: int = FEWEST) -> Outcome | None:
    """What came of a case so far; None for one without a brand. Raises like `Reader.run`.

    Its authors are all who spoke negatively of the brand while the alert lasted, in its latest incarnation.
    "Before" ends with the first of these posts or with the opening of the case, whichever is earlier; "after"
    begins when the case was resolved or closed, and is empty while it is neither. What the brand itself wrote
    does not count.

    Args:
        reader: the store.
        one: the case.
        now: Unix seconds.
        fewest: posts below which nothing is said of them.
    """
    if not one.brand:
        return None
    start, stop = await _window(reader, one)
    ended = one.resolved_at or one.closed_at or now
    (row,) = (
        await reader.ask(
            _SAID,
            {
                "brand": one.brand,
                "before": round((min(start, one.opened_at) - DAYS * 86_400) * 1000),
                "start": round(start * 1000),
                "stop": round(stop * 1000),
                "opened": round(one.opened_at * 1000),
                "ended": round(ended * 1000),
                "after": round(min(now, ended + DAYS * 86_400) * 1000),
            },
        )
    ).rows
    authors, both, posts_before, score_before, bad_before, posts_after, score_after, bad_after = row
    return Outcome(
        authors,
        both,
        said(posts_before, score_before, bad_before, fewest=fewest),
        said(posts_after, score_after, bad_after, fewest=fewest),
        half_life(await _volume(reader, one.brand, start, now)),
    )


async def _window(reader: Reader, one: Case) -> tuple[float, float]:
    rows = (await reader.ask(_WINDOW, {"alert": one.alert_id})).rows
    if not rows:
        return one.window_start, one.window_end
    start, stop = rows[0]
    return start / 1000, stop / 1000


async def _volume(reader: Reader, brand: str, start: float, now: float) -> list[int]:
    begin = start - HOUR
    end = min(now, start + LONGEST)
    asked = {
        "brand": brand,
        "from": round(begin * 1000),
        "to": round(end * 1000),
        "step": round(HOUR * 1000),
    }
    found: dict[int, int] = dict((await reader.ask(_VOLUME, asked)).rows)
    return [found.get(index, 0) for index in range(max(0, int((end - begin) / HOUR)))]
