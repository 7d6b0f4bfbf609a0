"""The week's digest: how alerts did, and which rules wake people for nothing. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from streams.alerts.calendar import Calendar
from streams.alerts.local import DAY, date_at, instant
from streams.alerts.schedule import Schedule, next_fire
from streams.alerts.tuning import Tuning
from streams.language import current, t
from streams.notify.base import Link, Message
from streams.notify.figures import lasting

SCHEDULE = Schedule("weekly", time(8, 57))
"""Not on the hour: everybody's robots speak then, and platforms turn some of them away."""

LATE = 86_400.0
"""Seconds after which a digest that was not sent is not sent any more."""

RULES = 3
"""Noisy rules that are named."""


class Week(NamedTuple):
    """Monday to Sunday.

    Attributes:
        key: of its digest: `digest-2026-W47`.
        since: its first moment, Unix seconds.
        until: the first moment after it.
        at: when its digest is sent.
    """

    key: str
    since: float
    until: float
    at: float


def last(zone: str, at: float) -> Week:
    """The week before the one that this moment is in."""
    today = date_at(zone, at)
    monday = today - DAY * today.weekday()
    before = monday - 7 * DAY
    year, number, _ = before.isocalendar()
    return Week(
        f"digest-{year}-W{number:02}", instant(zone, before, time()), instant(zone, monday, time()), at
    )


def due(calendar: Calendar, zone: str, now: float) -> Week | None:
    """The week whose digest is due; None while none is, or when it is too late for it."""
    at = next_fire(SCHEDULE, calendar, zone, now - LATE)
    return last(zone, at) if at <= now else None


def message(
    week: Week,
    rules: Sequence[Tuning],
    whole: Tuning | None,
    *,
    base: str,
    timezone: str,
    repeated: bool = False,
) -> Message:
    """The digest.

    Args:
        week: which it is about.
        rules: how each did, the noisiest first.
        whole: how all of them did together; None without any alert.
        base: address of the page.
        timezone: of the readers.
        repeated: whether it may have been delivered before.
    """
    noisy = [one for one in rules if one.noisy]
    calm = t("本周没有吵人的规则", "No rule was noisy this week")
    loud = t(f"{len(noisy)} 条规则吵人", f"Noisy rules: {len(noisy)}")
    return Message(
        key=week.key,
        alert_id=week.key,
        severity="blue",
        brand=t("口碑系统", "koubei"),
        title=t("告警周报", "weekly digest of alerts"),
        summary=_days(week, timezone)
        + t("：", ": ")
        + t("，", ", ").join(_figures(whole))
        + t("。", ". ")
        + (loud if noisy else calm),
        at=datetime.fromtimestamp(week.at, ZoneInfo(timezone)),
        state="digest",
        paragraphs=tuple(f"{one.rule}{t('：', ': ')}{advice(one)}" for one in noisy[:RULES]),
        links=(Link(t("看规则", "Rules"), f"{base}/rules"),),
        repeated=repeated,
    )


def advice(one: Tuning) -> str:
    """How noisy a rule is, what to change about it, and what that would have spared."""
    told = one.suggestion
    match told.advice:
        case "threshold":
            way = t(
                f"改为 {told.setting} = {told.value:g}：会少 {told.suppressed} 条无用的告警，有人处理过的一条也不少",
                f"With {told.setting} = {told.value:g} there would have been {told.suppressed} useless ones less, "
                "and none less that somebody acted on",
            )
        case "hold":
            way = t(
                "大小分不出有用没用，多为自行解除：加长 hold",
                "Size does not tell the useless from the useful, and most ended by themselves: raise hold",
            )
        case "store":
            way = t(
                "从没有人处理过：设 alert = false，只存不发",
                "Nobody ever acted on one: set alert = false, so that they are only stored",
            )
        case _:
            way = t(
                "大小分不出有用没用：看误报的帖子，在 query 里用 NOT 排除",
                "Size does not tell the useless from the useful: look at the false ones, exclude them by NOT in the query",
            )
    return t(f"{one.wasted:.0%} 的告警没人需要。", f"{one.wasted:.0%} of its alerts were of no use. ") + way


def _figures(whole: Tuning | None) -> list[str]:
    if whole is None:
        return [t("没有告警", "no alerts")]
    found = [
        t(f"{whole.alerts} 条告警", f"{whole.alerts} alerts" if whole.alerts > 1 else "1 alert"),
        t(f"{whole.claimed:.0%} 有人认领", f"{whole.claimed:.0%} claimed"),
    ]
    if whole.false_alarms is not None:
        false = f"{whole.false_alarms:.0%}"
        found.append(t(f"人工结束的有 {false} 误报", f"{false} of those that people ended were false"))
    if whole.claim_seconds is not None:
        half = lasting(whole.claim_seconds)
        found.append(t(f"认领用时中位数 {half}", f"median time to claim {half}"))
    return found


def _days(week: Week, zone: str) -> str:
    first, final = date_at(zone, week.since), date_at(zone, week.until) - DAY
    return t("至", " to ").join(map(_day, (first, final)))


def _day(day: date) -> str:
    return day.isoformat() if current() == "en" else f"{day.month}月{day.day}日"
