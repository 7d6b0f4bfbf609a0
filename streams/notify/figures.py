"""Numbers, lengths of time and moments as people read them in a message."""

from datetime import datetime
from zoneinfo import ZoneInfo

from streams.language import current, t

_UNITS = ((86_400, "天", "day"), (3_600, "小时", "hour"), (60, "分钟", "minute"), (1, "秒", "second"))


def number(value: float) -> str:
    """A count: 1.2万 and 3.4亿 from ten thousand on, thousands separated in English; −3 with a minus sign."""
    sign = "−" if value < 0 else ""
    size = abs(value)
    # Rounded first, so that nothing reads 10000.0万.
    if current() == "zh":
        if size >= 99_995_000:
            return f"{sign}{size / 1e8:.1f}亿"
        if size >= 9_999.5:
            return f"{sign}{size / 1e4:.1f}万"
    whole = round(size, 1)
    return sign + (f"{whole:,.0f}" if whole >= 100 or whole == int(whole) else f"{whole:.1f}")


def percent(value: float) -> str:
    """Per cent with one decimal."""
    return f"{value:.1f}%"


def points(value: float) -> str:
    """A figure that may be below zero, with one decimal and its sign."""
    return f"{'−' if value < 0 else '+'}{abs(value):.1f}"


def lasting(seconds: float) -> str:
    """A length of time in its one or two largest units: 10 分钟, 4 小时 12 分钟."""
    left = max(1, round(seconds))
    if left >= 120:
        left = round(left / 60) * 60
    parts = []
    for size, zh, en in _UNITS:
        count, rest = divmod(left, size)
        if count:
            parts.append(f"{count} {t(zh, en if count == 1 else f'{en}s')}")
            left = rest
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts)


def clock(at: float, timezone: str, now: float | None = None) -> str:
    """The time of the day, with the date where that is not the day of `now`.

    Args:
        at: Unix seconds.
        timezone: of the readers.
        now: Unix seconds; None for the time of the day alone.
    """
    zone = ZoneInfo(timezone)
    moment = datetime.fromtimestamp(at, zone)
    if now is None or moment.date() == datetime.fromtimestamp(now, zone).date():
        return f"{moment:%H:%M}"
    if current() == "en":
        return f"{moment:%Y-%m-%d %H:%M}"
    return f"{moment.month}月{moment.day}日 {moment:%H:%M}"
