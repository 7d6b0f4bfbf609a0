"""What whoever takes over has to know: alerts and cases that are not over."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from streams.cli.common import reader_url
from streams.config import Settings
from streams.errors import StoreRefused
from streams.language import t

UNKNOWN_TABLE = 60
"""ClickHouse's code."""

ALERTS = """
SELECT alert_id, severity, brand, rule, count, state, owner, first_fired
FROM alerts WHERE state IN ('firing', 'acknowledged', 'silenced')
ORDER BY indexOf(['red', 'orange', 'yellow', 'blue'], severity), first_fired
"""
CASES = """
SELECT case_id, severity, brand, rule, state, owner, opened_at, resolve_by
FROM cases WHERE state NOT IN ('resolved', 'closed')
ORDER BY indexOf(['red', 'orange', 'yellow', 'blue'], severity), resolve_by
"""

SHOWN = 50
"""Alerts and cases that a note lists."""

_LEVELS = {
    "red": ("红色", "red"),
    "orange": ("橙色", "orange"),
    "yellow": ("黄色", "yellow"),
    "blue": ("蓝色", "blue"),
}


def still_open(loaded: Settings) -> tuple[list[dict[str, Any]] | None, list[dict[str, Any]] | None]:
    """What is not over, the worst first; None where the database has no such view."""
    from streams.store.client import Connection

    connection = Connection(reader_url(loaded), timeout=10.0)
    found: list[list[dict[str, Any]] | None] = []
    try:
        for sql in (ALERTS, CASES):
            try:
                found.append(list(connection.query(sql).dicts()))
            except StoreRefused as error:
                if error.code != UNKNOWN_TABLE:
                    raise
                found.append(None)
    finally:
        connection.close()
    return found[0], found[1]


def alert_lines(found: list[dict[str, Any]] | None, zone: ZoneInfo) -> Iterator[str]:
    """The open alerts, a line each."""
    if found is None:
        yield t(
            "告警：数据库里还没有这张视图，运行 koubei migrate",
            "Alerts: not in this database yet; run koubei migrate",
        )
        return
    yield t(f"未了的告警 {len(found)} 条", f"Open alerts: {len(found)}")
    for one in found[:SHOWN]:
        facts = (
            t(*_LEVELS[one["severity"]]),
            one["brand"],
            one["rule"],
            t(f"{one['count']} 条", f"{one['count']} posts"),
            _owner(one["owner"]),
            clock(_seconds(one["first_fired"]), zone),
            one["alert_id"],
        )
        yield "  " + " · ".join(fact for fact in facts if fact)
    yield from _more(found)


def case_lines(found: list[dict[str, Any]] | None, zone: ZoneInfo) -> Iterator[str]:
    """The open cases, a line each."""
    if found is None:
        yield t(
            "处置单：数据库里还没有这张视图，运行 koubei migrate",
            "Cases: not in this database yet; run koubei migrate",
        )
        return
    yield t(f"未结的处置单 {len(found)} 张", f"Open cases: {len(found)}")
    for one in found[:SHOWN]:
        by = clock(_seconds(one["resolve_by"]), zone)
        facts = (
            t(*_LEVELS[one["severity"]]),
            one["brand"],
            one["rule"],
            _owner(one["owner"]),
            t(f"{by} 前化解", f"to be resolved by {by}"),
            one["case_id"],
        )
        yield "  " + " · ".join(fact for fact in facts if fact)
    yield from _more(found)


def _more(found: list[dict[str, Any]]) -> Iterator[str]:
    if (more := len(found) - SHOWN) > 0:
        yield t(f"  另有 {more} 项", f"  and {more} more")


def _owner(name: str) -> str:
    return t(f"{name} 已认领", f"claimed by {name}") if name else t("未认领", "unclaimed")


def _seconds(at: datetime) -> float:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def clock(at: float, zone: ZoneInfo) -> str:
    """A time, Unix seconds, as a person reads it."""
    there = datetime.fromtimestamp(at, zone)
    return f"{day_of(there.date())} {there:%H:%M}"


def day_of(day: date) -> str:
    """A day as a person reads it."""
    return t(f"{day:%m-%d} 周{'一二三四五六日'[day.weekday()]}", f"{day:%a %m-%d}")
