"""The fields that a query may ask for: their kinds, how their values are written and how they compare."""

import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Literal, NamedTuple

from streams.text.normalise import fold

Kind = Literal["value", "contains", "number", "date"]
Number = int | float

ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Days and times of a query without an offset are those of Shanghai, which knows no summer time."""


class FieldType(NamedTuple):
    """What a field holds.

    Attributes:
        kind: how it compares: whole value, contained text, number or date.
        zh: what Chinese users call it, for hints.
        values: all values it can have; empty where there are too many.
    """

    kind: Kind
    zh: tuple[str, ...]
    values: tuple[str, ...] = ()


FIELDS: dict[str, FieldType] = {
    "platform": FieldType("value", ("平台",)),
    "author": FieldType("value", ("作者", "用户", "账号")),
    "sentiment": FieldType("value", ("情感", "倾向"), ("pos", "neu", "neg")),
    "verified": FieldType("value", ("认证", "加v"), ("true", "false")),
    "site": FieldType("value", ("网站", "站点", "域名")),
    "region": FieldType("value", ("地区", "地域", "省份")),
    "client": FieldType("value", ("客户端", "来源", "设备")),
    "title": FieldType("contains", ("标题",)),
    "followers": FieldType("number", ("粉丝", "粉丝数")),
    "following": FieldType("number", ("关注", "关注数")),
    "likes": FieldType("number", ("点赞", "赞")),
    "reposts": FieldType("number", ("转发", "转发数")),
    "comments": FieldType("number", ("评论", "评论数")),
    "published": FieldType("date", ("发布时间", "时间", "日期")),
}

_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,9})?")
_DATE = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ](?P<minute>[0-9]{2}:[0-9]{2})(?P<second>:[0-9]{2}(?:\.[0-9]{1,6})?)?(?P<zone>[Zz]|[+-][0-9]{2}:?[0-9]{2})?)?"
)


class Span(NamedTuple):
    """What one bound stands for: a day is all of its seconds, a number only itself.

    Attributes:
        first: the least value.
        last: the greatest value.
    """

    first: Number
    last: Number


def bound(kind: Kind, written: str) -> Span | None:
    """What a number or date in a query stands for, dates in Unix seconds; None if it is neither."""
    if kind == "number":
        number = _number(written)
        return None if number is None else Span(number, number)
    return _date(written)


def values(raw: object) -> tuple[str, ...]:
    """The folded values of a text field of a post; several where any of them may be asked for.

    Args:
        raw: as the post has it; None and "" are absent.
    """
    if isinstance(raw, str):
        folded = fold(raw).strip()
        return (folded,) if folded else ()
    if raw is None:
        return ()
    if isinstance(raw, bool):
        return ("true",) if raw else ("false",)
    if isinstance(raw, list | tuple):
        return tuple(value for part in raw if not isinstance(part, list) for value in values(part))
    return (fold(str(raw)),)


def number(name: str, raw: object) -> Number | None:
    """The value of a number or date field of a post, dates in Unix seconds; None is absent."""
    if isinstance(raw, bool) or raw is None:
        return None
    if isinstance(raw, int | float):
        return raw if math.isfinite(raw) else None
    if isinstance(raw, str):
        written = fold(raw).strip()
        found = bound(FIELDS[name].kind, written)
        return _number(written) if found is None else found.first
    return None


def _number(written: str) -> Number | None:
    if not _NUMBER.fullmatch(written):
        return None
    return float(written) if "." in written else int(written)


def _date(written: str) -> Span | None:
    match = _DATE.fullmatch(written)
    if match is None:
        return None
    minute, second, zone = match["minute"], match["second"], match["zone"]
    try:
        moment = datetime.fromisoformat(
            f"{match['day']}T{minute or '00:00'}{second or ':00'}{(zone or '').upper()}"
        )
    except ValueError:
        return None
    if zone is None:
        moment = moment.replace(tzinfo=ZONE)
    length = 1 if second else 60 if minute else 86_400
    first = moment.timestamp()
    return Span(first, math.nextafter(first + length, 0))


class Columns:
    """Fields of a batch of posts: each is read when a candidate first needs it, then kept.

    Args:
        read: (field, brand) → the raw value of every post. The brand matters to `sentiment` alone: "" asks
            for the tone of the text as a whole, a name for the tone toward that brand.
    """

    def __init__(self, read: Callable[[str, str], Sequence[object]]) -> None:
        self._read = read
        self._values: dict[tuple[str, str], list[tuple[str, ...]]] = {}
        self._numbers: dict[str, list[Number | None]] = {}
        self._rows: dict[tuple[str, str], dict[str, list[int]]] = {}

    def values(self, name: str, brand: str = "") -> list[tuple[str, ...]]:
        """The folded values of a text field, for each post."""
        key = (name, brand)
        column = self._values.get(key)
        if column is None:
            known: dict[str, tuple[str, ...]] = {}
            column = []
            for raw in self._read(name, brand):
                if isinstance(raw, str):
                    found = known.get(raw)
                    if found is None:
                        found = known[raw] = values(raw)
                    column.append(found)
                else:
                    column.append(values(raw))
            self._values[key] = column
        return column

    def numbers(self, name: str) -> list[Number | None]:
        """A number or date field, for each post."""
        column = self._numbers.get(name)
        if column is None:
            column = self._numbers[name] = [number(name, raw) for raw in self._read(name, "")]
        return column

    def rows(self, name: str, brand: str, value: str) -> Sequence[int]:
        """Which posts have the folded value in a text field."""
        key = (name, brand)
        index = self._rows.get(key)
        if index is None:
            index = self._rows[key] = {}
            for row, found in enumerate(self.values(name, brand)):
                for one in found:
                    index.setdefault(one, []).append(row)
        return index.get(value, ())
