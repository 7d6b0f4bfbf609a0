"""Alerts, silences and cases as people look for them: page by page, or one with all that happened to it."""

import asyncio
import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from streams.alerts.model import Alert
from streams.errors import BadConfig
from streams.language import t
from streams.read.queries import Reader

OPEN = ("pending", "firing", "acknowledged", "silenced")
"""States of an alert that is not over."""

ENDED = ("resolved", "closed", "ended")
"""States of an alert, a case or a silence that is over."""

SIMILAR = 5
"""Past alerts that are shown beside one."""

TIMELINE = 500
"""Events of one alert or case that are shown, the newest."""


class BadCursor(BadConfig):
    """A cursor that is none of ours."""


class Wanted(NamedTuple):
    """Which alerts: those that meet all of it; what is empty asks for nothing.

    Attributes:
        states: `open` stands for all of `OPEN`.
        severities, brand, owner, rule: as in the view `alerts`.
    """

    states: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    brand: str = ""
    owner: str = ""
    rule: str = ""


class Page(NamedTuple):
    """Some alerts of a list.

    Attributes:
        alerts: as they stand now.
        next: cursor of the page behind this one; "" where there is none.
    """

    alerts: list[Alert]
    next: str


class Tally(NamedTuple):
    """How many alerts there are.

    Attributes:
        total: ever.
        open: not over, without those that are pending or silenced.
        unclaimed: of them, those that nobody has claimed.
        worst: severity of the worst of these; "" without any.
        latest: when the last one fired; None without any.
    """

    total: int
    open: int
    unclaimed: int
    worst: str
    latest: datetime | None


class Happening(NamedTuple):
    """A row of `alert_events` or `case_events`, named as there."""

    seq: int
    at: datetime
    kind: str
    actor: str
    via: str
    source: str
    detail: str
    state: str
    severity: str
    owner: str


class Delivery(NamedTuple):
    """A row of `notifications_latest`, named as there."""

    key: str
    channel: str
    reason: str
    state: str
    at: datetime
    attempts: int
    repeated: bool
    code: str
    answer: str
    merged_into: str


class Past(NamedTuple):
    """An alert that is like another, and what was done about it.

    Attributes:
        alert: as it stands.
        acts: what people did, oldest first.
        outcome: what came of its case; "" where nobody said.
    """

    alert: Alert
    acts: list[Happening]
    outcome: str


class Silenced(NamedTuple):
    """A row of `silences`, named as there."""

    silence_id: str
    state: str
    alert_id: str
    rule: str
    brand: str
    severity: str
    since: datetime
    until: datetime
    actor: str
    comment: str


class Case(NamedTuple):
    """A row of `cases`, named as there."""

    case_id: str
    alert_id: str
    rule: str
    brand: str
    severity: str
    state: str
    owner: str
    opened_at: datetime
    respond_by: datetime
    resolve_by: datetime
    responded_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    outcome: str
    changed_at: datetime


class Choices(NamedTuple):
    """What alerts can be filtered by: the values that there are."""

    brands: list[str]
    rules: list[str]
    owners: list[str]


_RANK = "indexOf(['blue', 'yellow', 'orange', 'red'], severity)"
_PAGE = f"""
SELECT standing, rank, fired, alert_id
FROM
(
    SELECT
        alert_id, multiIf(state IN ('firing', 'acknowledged'), 2, state = 'resolved', 0, 1) AS standing,
        {_RANK} AS rank, toUnixTimestamp64Milli(last_fired) AS fired
    FROM alerts
    WHERE (empty({{states:Array(String)}}) OR has({{states:Array(String)}}, state))
        AND (empty({{severities:Array(String)}}) OR has({{severities:Array(String)}}, severity))
        AND ({{brand:String}} = '' OR brand = {{brand:String}})
        AND ({{owner:String}} = '' OR owner = {{owner:String}})
        AND ({{rule:String}} = '' OR rule = {{rule:String}})
)
WHERE (standing, rank, fired, alert_id)
    < ({{standing:UInt8}}, {{rank:UInt64}}, {{fired:Int64}}, {{alert_id:String}})
ORDER BY standing DESC, rank DESC, fired DESC, alert_id DESC
LIMIT {{most:UInt32}}
"""  # noqa: S608 - our own words
_FIRST = (255, 255, 2**62, "")

_SNAPSHOTS = """
SELECT id, snapshot FROM alert_log WHERE subject = 'alert' AND id IN {ids:Array(String)}
ORDER BY id, seq DESC, revision DESC LIMIT 1 BY id
"""
_TALLY = f"""
SELECT
    count(), countIf(state IN ('firing', 'acknowledged')), countIf(state = 'firing'),
    argMaxIf(severity, {_RANK}, state = 'firing'), maxOrNull(last_fired)
FROM alerts
"""  # noqa: S608
_EVENTS = f"""
SELECT {", ".join(Happening._fields)} FROM alert_events WHERE alert_id = {{id:String}}
ORDER BY seq DESC LIMIT {{most:UInt32}}
"""  # noqa: S608
_CASE_EVENTS = _EVENTS.replace("alert_events", "case_events").replace("alert_id", "case_id")
_DELIVERIES = f"""
SELECT {", ".join(Delivery._fields)} FROM notifications_latest WHERE alert_id = {{id:String}}
ORDER BY at DESC, channel LIMIT 200
"""  # noqa: S608
_SIMILAR = """
SELECT alert_id FROM alerts
WHERE alert_id != {id:String} AND first_fired < fromUnixTimestamp64Milli({before:Int64})
    AND (rule = {rule:String} OR brand != '' AND brand = {brand:String})
ORDER BY rule = {rule:String} AND brand = {brand:String} DESC, rule = {rule:String} DESC, first_fired DESC
LIMIT {most:UInt32}
"""
_ACTS = f"""
SELECT alert_id, {", ".join(Happening._fields)} FROM alert_events
WHERE alert_id IN {{ids:Array(String)}} AND actor != 'koubei' AND kind != 'rejected' ORDER BY seq
"""  # noqa: S608
_OUTCOMES = "SELECT alert_id, outcome FROM cases WHERE alert_id IN {ids:Array(String)} ORDER BY opened_at"
_SILENCES = f"""
SELECT {", ".join(Silenced._fields)} FROM silences
WHERE {{ended:Bool}} OR state = 'active'
ORDER BY state = 'active' DESC, until DESC LIMIT 200
"""  # noqa: S608
_CASES = f"""
SELECT {", ".join(Case._fields)} FROM cases
WHERE ({{case:String}} = '' OR case_id = {{case:String}})
    AND (empty({{states:Array(String)}}) OR has({{states:Array(String)}}, state))
    AND ({{owner:String}} = '' OR owner = {{owner:String}})
    AND ({{alert:String}} = '' OR alert_id = {{alert:String}})
ORDER BY state = 'closed', ifNull(responded_at, respond_by) > now(), {_RANK} DESC, opened_at DESC, case_id
LIMIT {{most:UInt32}}
"""  # noqa: S608
_CHOICES = """
SELECT
    arraySort(groupUniqArrayIf(200)(brand, brand != '')), arraySort(groupUniqArray(200)(rule)),
    arraySort(groupUniqArrayIf(200)(owner, owner != ''))
FROM alerts
"""

_decode = msgspec.json.Decoder(Alert).decode


async def inbox(reader: Reader, wanted: Wanted, *, cursor: str = "", limit: int = 50) -> Page:
    """Alerts that are not over first, the worst of them first, the newest of these first.

    Raises:
        BadCursor: the cursor is none of ours. As `Reader.run` otherwise.
    """
    standing, rank, fired, alert_id = _place(cursor)
    states = tuple(one for state in wanted.states for one in (OPEN if state == "open" else (state,)))
    found = await reader.ask(
        _PAGE,
        {
            "states": list(states),
            "severities": list(wanted.severities),
            "brand": wanted.brand,
            "owner": wanted.owner,
            "rule": wanted.rule,
            "standing": standing,
            "rank": rank,
            "fired": fired,
            "alert_id": alert_id,
            "most": limit + 1,
        },
    )
    rows = found.rows[:limit]
    known = await snapshots(reader, [row[-1] for row in rows])
    more = len(found.rows) > limit
    return Page([known[row[-1]] for row in rows if row[-1] in known], _cursor(rows[-1]) if more else "")


async def snapshots(reader: Reader, ids: Sequence[str]) -> dict[str, Alert]:
    """Alerts as they stand, by id. Raises like `Reader.run`."""
    if not ids:
        return {}
    found = await reader.ask(_SNAPSHOTS, {"ids": list(ids)})
    return {ident: _decode(snapshot) for ident, snapshot in found.rows}


async def alert(reader: Reader, alert_id: str) -> Alert | None:
    """One alert as it stands; None if there is none. Raises like `Reader.run`."""
    return (await snapshots(reader, [alert_id])).get(alert_id)


async def tally(reader: Reader) -> Tally:
    """How many alerts there are. Raises like `Reader.run`."""
    return Tally(*(await reader.ask(_TALLY)).rows[0])


async def timeline(reader: Reader, alert_id: str) -> list[Happening]:
    """What happened to an alert, newest first. Raises like `Reader.run`."""
    found = await reader.ask(_EVENTS, {"id": alert_id, "most": TIMELINE})
    return [Happening(*row) for row in found.rows]


async def deliveries(reader: Reader, alert_id: str) -> list[Delivery]:
    """What was sent about an alert and what became of it, newest first. Raises like `Reader.run`."""
    return [Delivery(*row) for row in (await reader.ask(_DELIVERIES, {"id": alert_id})).rows]


async def similar(reader: Reader, one: Alert, *, most: int = SIMILAR) -> list[Past]:
    """Earlier alerts of the same rule or brand and how they ended, the likest first. Raises like `Reader.run`."""
    found = await reader.ask(
        _SIMILAR,
        {
            "id": one.alert_id,
            "before": round(one.first_fired * 1000),
            "rule": one.rule,
            "brand": one.brand,
            "most": most,
        },
    )
    ids = [ident for (ident,) in found.rows]
    if not ids:
        return []
    known, acts, outcomes = await asyncio.gather(
        snapshots(reader, ids), reader.ask(_ACTS, {"ids": ids}), reader.ask(_OUTCOMES, {"ids": ids})
    )
    said = dict(outcomes.rows)
    return [
        Past(
            known[ident],
            [Happening(*row) for whose, *row in acts.rows if whose == ident],
            said.get(ident, ""),
        )
        for ident in ids
        if ident in known
    ]


async def silences(reader: Reader, *, ended: bool = False) -> list[Silenced]:
    """Silences in force, and on request those that are over, too. Raises like `Reader.run`."""
    return [Silenced(*row) for row in (await reader.ask(_SILENCES, {"ended": ended})).rows]


async def cases(
    reader: Reader,
    *,
    states: Sequence[str] = (),
    owner: str = "",
    alert_id: str = "",
    case_id: str = "",
    limit: int = 200,
) -> list[Case]:
    """Cases, those that are late first, then the worst. Raises like `Reader.run`."""
    found = await reader.ask(
        _CASES,
        {"states": list(states), "owner": owner, "alert": alert_id, "case": case_id, "most": limit},
    )
    return [Case(*row) for row in found.rows]


async def case_timeline(reader: Reader, case_id: str) -> list[Happening]:
    """What happened to a case, newest first. Raises like `Reader.run`."""
    found = await reader.ask(_CASE_EVENTS, {"id": case_id, "most": TIMELINE})
    return [Happening(*row) for row in found.rows]


async def choices(reader: Reader) -> Choices:
    """What alerts can be filtered by. Raises like `Reader.run`."""
    return Choices(*(await reader.ask(_CHOICES)).rows[0])


async def cascade(reader: Reader, root_id: str) -> Mapping[str, Any] | None:
    """How the cascade of a root stands; None where it is no root of one. Raises like `Reader.run`."""
    found = await reader.ask(
        "SELECT size, depth, speed, reach, live FROM cascades WHERE root_id = {root:String}",
        {"root": root_id},
    )
    return next(iter(found.dicts()), None)


def _cursor(row: tuple[Any, ...]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(row)).decode().rstrip("=")


def _place(cursor: str) -> tuple[int, int, int, str]:
    if not cursor:
        return _FIRST
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.json.decode(text, type=tuple[int, int, int, str])
    except (binascii.Error, ValueError) as error:
        raise BadCursor(
            t(
                "翻页记号 cursor 不对：从第一页重新取，用每页答复里的 next",
                "The cursor is wrong: begin with the first page and use `next` of each answer",
            )
        ) from error
