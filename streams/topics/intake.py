"""The edge: what people and programs hand in → records of the contract, or a refusal that says why.

Files and HTTP share it. It is lenient where a plain file is poor (times in several notations, numbers as
text, authors as columns, no id, no time) and strict where silence would lose data: a misspelt field name is
refused, not ignored. Pure: `now` and the key for user ids are arguments.
"""

import difflib
import hashlib
import hmac
import math
import re
import types
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any, Literal, NamedTuple, get_args, get_type_hints

import msgspec
from msgspec import Struct

from streams.errors import BadRecord
from streams.language import t
from streams.topics.fields import Time
from streams.topics.post import Author
from streams.topics.registry import POSTS, Topic

SHANGHAI = timezone(timedelta(hours=8))
"""Times without an offset are taken as Chinese ones; China has had no summer time since 1991."""

MILLISECONDS = 1e11
"""Unix times from here on are milliseconds: as seconds they would lie after the year 5138."""

MICROSECONDS = 1e14
NEAR = 0.75
"""Likeness from which an unknown name is taken for a misspelt one (txet and text have 0.75)."""

SYNONYMS = {
    "text": ("content", "body", "message", "内容", "正文", "文本", "微博正文"),
    "platform": ("source", "site", "平台"),
    "published": ("time", "date", "created_at", "timestamp", "发布时间", "时间"),
    "shared": ("time", "date", "created_at", "timestamp", "转发时间", "时间"),
    "at": ("time", "date", "created_at", "timestamp", "时间"),
    "post_id": ("id", "mid", "编号"),
    "share_id": ("id", "mid", "编号"),
    "user_id": ("user", "uid", "用户"),
}
"""Other names for a field, named in the refusal when the field itself is missing."""

SET_HERE = ("via", "filled")
WORDS = {
    "true": True,
    "1": True,
    "yes": True,
    "是": True,
    "false": False,
    "0": False,
    "no": False,
    "否": False,
}

Kind = Literal["text", "whole", "number", "flag", "time"]


class Shape(NamedTuple):
    """What the edge knows of one struct, worked out once."""

    fields: dict[str, Kind]
    author: dict[str, Kind]
    columns: dict[str, str]
    required: tuple[str, ...]
    times: tuple[str, ...]
    people: tuple[str, ...]
    closed: msgspec.json.Decoder[Any]


def intake(
    topic: Topic,
    item: dict[str, Any],
    *,
    now: float,
    via: str,
    hmac_key: bytes | None = None,
    platform: str | None = None,
) -> Struct:
    """One item as a record of `topic`; see `Intake.record`."""
    return Intake(topic, via=via, hmac_key=hmac_key, platform=platform).record(item, now)


class Intake:
    """The edge for one topic.

    Args:
        topic: what the items are.
        via: how they came in: file, api or the source's name.
        hmac_key: turns user ids into keyed hashes; None leaves them as they are.
        platform: taken where an item names none.

    Attributes:
        ignored: unknown fields that resemble none of ours, and how often they were met.
        zoneless: how many times had no offset and were taken as Asia/Shanghai.
    """

    def __init__(
        self, topic: Topic, *, via: str, hmac_key: bytes | None = None, platform: str | None = None
    ) -> None:
        self.topic = topic
        self.ignored: Counter[str] = Counter()
        self.zoneless = 0
        self._via = via
        self._key = hmac_key
        self._platform = platform
        self._shape = _shape(topic.struct)
        self._harmless: set[str] = set()
        # A post's id is filled from the rest, so whatever else is missing is named first.
        self._required = sorted(self._shape.required, key=POSTS.id_field.__eq__)

    def line(self, raw: bytes, now: float) -> Struct:
        """One JSON object as a record that encodes like one of the topic's struct.

        What already follows the contract takes a quick way: one strict decode that also knows no unknown
        field. Everything else goes through `record`.

        Raises:
            BadRecord: as `record`, or `not_json`.
        """
        try:
            found = self._shape.closed.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self.record(_loose(raw), now)
        for name in self._shape.times:
            if (value := getattr(found, name)) is not None and value >= MILLISECONDS:
                return self.record(_loose(raw), now)
        author = found.author
        if author is not None and author.joined is not None and author.joined >= MILLISECONDS:
            return self.record(_loose(raw), now)
        found.via, found.filled = self._via, ""
        if self._key is not None:
            for name in self._shape.people:
                if value := getattr(found, name):
                    setattr(found, name, self._pseudonym(value))
            if author is not None:
                author.id = self._pseudonym(author.id)
        return found  # type: ignore[no-any-return]

    def record(self, item: dict[str, Any], now: float) -> Struct:
        """One item as a record of the contract.

        Args:
            item: field names and values as they were handed in; "" and None mean absent.
            now: Unix seconds, taken as time of a post that has none.

        Raises:
            BadRecord: with reason `unknown_field`, `missing` or `invalid`; the detail names the field.
        """
        ready, author = self._sorted(item)
        if self._platform and "platform" not in ready:
            ready["platform"] = self._platform
        self._pseudonymise(ready, author)
        if author:
            if "id" not in author and "user_id" in ready:
                author["id"] = ready["user_id"]
            ready["author"] = author
        ready["via"] = self._via
        ready["filled"] = ",".join(self._fill(ready, now)) if self.topic is POSTS else ""
        for name in self._required:
            if name not in ready:
                raise self._missing(name, item)
        try:
            record: msgspec.Struct = msgspec.convert(ready, self.topic.struct)
        except msgspec.ValidationError as error:
            raise _invalid(str(error)) from error
        return record

    def _sorted(self, item: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The known fields with values of their types, the author's apart."""
        shape = self._shape
        ready: dict[str, Any] = {}
        author: dict[str, Any] = {}
        for name, value in item.items():
            if name in shape.fields:
                if value is not None and value != "" and name not in SET_HERE:
                    ready[name] = self._value(name, value, shape.fields[name])
            elif name in shape.columns:
                if value is not None and value != "":
                    part = shape.columns[name]
                    author[part] = self._value(f"author.{part}", value, shape.author[part])
            elif name == "author":
                author.update(self._author(value))
            elif name not in self._harmless:
                self._unknown(name, (*shape.fields, *shape.columns, "author"))
            else:
                self.ignored[name] += 1
        return ready, author

    def _author(self, value: Any) -> dict[str, Any]:
        if value is None or value == "":
            return {}
        if isinstance(value, str | int) and not isinstance(value, bool):
            value = {"id": value}
        if not isinstance(value, dict):
            raise _wrong("author", value, t("一个对象，至少有 id", "an object with at least an id"))
        found = {}
        for name, part in value.items():
            if name in self._shape.author:
                if part is not None and part != "":
                    found[name] = self._value(f"author.{name}", part, self._shape.author[name])
            elif f"author.{name}" not in self._harmless:
                self._unknown(f"author.{name}", [f"author.{known}" for known in self._shape.author])
            else:
                self.ignored[f"author.{name}"] += 1
        return found

    def _value(self, name: str, value: Any, kind: Kind) -> Any:
        if kind == "text":
            if isinstance(value, str):
                return value
            if isinstance(value, int) and not isinstance(value, bool):
                return str(value)
            raise _wrong(name, value, t("文字", "text"))
        if kind == "time":
            seconds, zoneless = _time(name, value)
            self.zoneless += zoneless
            return seconds
        return _CONVERT[kind](name, value)

    def _unknown(self, name: str, known: Iterable[str]) -> None:
        prefix = next((start for start in ("author.", "author_") if name.startswith(start)), "")
        stems = {one.removeprefix(prefix): one for one in known if one.startswith(prefix)}
        near = difflib.get_close_matches(name.removeprefix(prefix).lower(), stems, n=1, cutoff=NEAR)
        if near:
            raise BadRecord(
                "unknown_field",
                t(
                    f"字段 {name}：没有这个字段，是不是想写 {stems[near[0]]}",
                    f"field {name}: there is no such field, did you mean {stems[near[0]]}",
                ),
            )
        if len(self._harmless) < 1000:  # a file with ever new names must not fill the memory
            self._harmless.add(name)
            self.ignored[name] += 1

    def _pseudonymise(self, ready: dict[str, Any], author: dict[str, Any]) -> None:
        if self._key is None:
            return
        for holder, name in [(ready, person) for person in self._shape.people] + [(author, "id")]:
            if name in holder:
                holder[name] = self._pseudonym(holder[name])

    def _pseudonym(self, user: str) -> str:
        assert self._key is not None
        return hmac.digest(self._key, user.encode(errors="surrogatepass"), "sha256").hex()[:32]

    def _fill(self, ready: dict[str, Any], now: float) -> Iterable[str]:
        if "post_id" not in ready and "text" in ready and "platform" in ready:
            author = ready.get("author", {}).get("id", "")
            content = "\0".join((ready["platform"], author, ready["text"]))
            digest = hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()
            ready["post_id"] = "h" + digest[:32]
            yield "post_id"
        if "published" not in ready:
            ready["published"] = now
            yield "published"

    def _missing(self, name: str, item: dict[str, Any]) -> BadRecord:
        other = next((key for key in item if key.lower() in SYNONYMS.get(name, ())), None)
        if other is not None:
            return BadRecord(
                "missing",
                t(
                    f"字段 {name}：缺少；{other} 是不是就是 {name}？加 --map {other}={name}",
                    f"field {name}: missing; is {other} meant? Add --map {other}={name}",
                ),
            )
        extra = t("，可加 --platform 平台名", "; add --platform NAME") if name == "platform" else ""
        return BadRecord("missing", t(f"字段 {name}：缺少{extra}", f"field {name}: missing{extra}"))


def _loose(raw: bytes) -> dict[str, Any]:
    try:
        item = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRecord("not_json", t(f"不是 JSON：{error}", f"not JSON: {error}")) from error
    if not isinstance(item, dict):
        raise BadRecord("not_json", t("不是一个 JSON 对象", "not a JSON object"))
    return item


def _wrong(name: str, value: Any, needed: str) -> BadRecord:
    shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "…"
    return BadRecord(
        "invalid", t(f"字段 {name}：{shown} 不对，应为{needed}", f"field {name}: {shown}, needed {needed}")
    )


def _invalid(message: str) -> BadRecord:
    text, _, path = message.partition(" - at ")
    name = path.strip("`").removeprefix("$").removeprefix(".")
    where = t(f"字段 {name}：", f"field {name}: ") if name else ""
    return BadRecord("invalid", where + text)


def _whole(name: str, value: Any) -> int:
    needed = t("整数", "a whole number")
    if isinstance(value, bool):
        raise _wrong(name, value, needed)
    if isinstance(value, int):
        return value
    try:
        return int(value) if isinstance(value, str) else _exact(value)
    except (TypeError, ValueError) as error:
        raise _wrong(name, value, needed) from error


def _exact(value: float) -> int:
    if not float(value).is_integer():
        raise ValueError(value)
    return int(value)


def _number(name: str, value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise _wrong(name, value, t("数字", "a number"))
    return number


def _flag(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = WORDS.get(str(value).strip().lower())
    if word is None:
        raise _wrong(name, value, t("true 或 false", "true or false"))
    return word


_CONVERT = {"whole": _whole, "number": _number, "flag": _flag}
_NUMERIC = re.compile(r"\s*[0-9]+(\.[0-9]+)?\s*\Z")


def _time(name: str, value: Any) -> tuple[float, bool]:
    """Unix seconds, and whether Asia/Shanghai had to be assumed."""
    needed = t(
        "Unix 秒、Unix 毫秒或 ISO 8601 时间（如 2026-11-22 10:02:00）",
        "Unix seconds, Unix milliseconds or ISO 8601 (as 2026-11-22T10:02:00+08:00)",
    )
    if isinstance(value, str) and not _NUMERIC.match(value):
        try:
            moment = datetime.fromisoformat(value.strip().replace("/", "-"))
            zoneless = moment.tzinfo is None
            moment = moment.replace(tzinfo=SHANGHAI) if zoneless else moment
            return (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds(), zoneless
        except (ValueError, OverflowError) as error:
            raise _wrong(name, value, needed) from error
    try:
        number = _number(name, value)
    except BadRecord as error:
        raise _wrong(name, value, needed) from error
    if number >= MICROSECONDS:
        raise _wrong(name, value, needed)
    return (number / 1000 if number >= MILLISECONDS else number), False


def _kind(hint: Any) -> Kind:
    if hint in (Time, Time | None):
        return "time"
    plain = get_args(hint)[0] if get_args(hint) and not isinstance(hint, types.UnionType) else hint
    if plain is bool:
        return "flag"
    if plain is int:
        return "whole"
    return "number" if plain is float else "text"


@cache
def _shape(struct: type[Struct]) -> Shape:
    hints = get_type_hints(struct, include_extras=True)
    kinds = {name: _kind(hint) for name, hint in hints.items() if name != "author"}
    author = {name: _kind(hint) for name, hint in get_type_hints(Author, include_extras=True).items()}
    columns = {f"author{mark}{name}": name for name in author for mark in "._"}
    fields = msgspec.structs.fields(struct)
    # A twin that knows no unknown field and may be changed: what it decodes needs no second look.
    closed_author = _closed(Author, {})
    closed = _closed(struct, {"author": closed_author | None})
    return Shape(
        kinds,
        author,
        columns,
        tuple(field.name for field in fields if field.required),
        tuple(name for name, kind in kinds.items() if kind == "time"),
        tuple(name for name in ("user_id", "inviter") if name in kinds),
        msgspec.json.Decoder(closed),
    )


def _closed(struct: type[Struct], types_of: dict[str, Any]) -> Any:
    fields: list[Any] = []
    for field in msgspec.structs.fields(struct):
        kind = types_of.get(field.name, field.type)
        fields.append((field.name, kind) if field.required else (field.name, kind, field.default))
    return msgspec.defstruct(struct.__name__, fields, kw_only=True, forbid_unknown_fields=True)
