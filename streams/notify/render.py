"""A message → lines in the markup of a platform, within its bytes. Pure.

Nothing of a post becomes markup, mention or link: `clean` leaves no control character and no live address, and
each markup replaces the characters that mean something in it.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol
from urllib.parse import quote, urlsplit

from streams.language import current, t
from streams.notify.base import Form, Link, Message, Sample

TITLE = 60
"""Characters of a title."""

SENTENCE = 160
"""Characters of a summary or a paragraph."""

EXCERPT = 80
"""Characters of a sample."""

SAMPLES = 3
OTHERS = 5
"""Alerts that a merged message names; the rest is a number."""

MENTIONS = 10
SHORT = 600
"""Bytes that the short form keeps to, as long as it can still say what happens and where to press."""

_LEVELS = {
    "red": ("红色", "特别重大", "RED", "critical"),
    "orange": ("橙色", "重大", "ORANGE", "major"),
    "yellow": ("黄色", "较大", "YELLOW", "notable"),
    "blue": ("蓝色", "一般", "BLUE", "minor"),
}
_STATES = {
    "repeat": ("再次提醒", "again"),
    "escalated": ("升级", "escalated"),
    "acknowledged": ("已认领", "claimed"),
    "resolved": ("已解除", "resolved"),
    "breached": ("超时", "overdue"),
    "test": ("测试", "test"),
}
_WEEKDAYS = "一二三四五六日"

# Controls, marks of writing direction, lone surrogates: nothing to read, and some turn a line around.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_ADDRESS = re.compile(r"(?i)\b(www)\.|://")
_WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
_LINE_MARK = re.compile(r"^\s*(?:[-+](?=\s)|[-=]{2,}|\d+[.)](?=\s))")


class Markup(Protocol):
    """How a platform writes things. `text` is clean and escaped already, except in `escape`."""

    newline: str

    def escape(self, text: str) -> str:
        """The text, saying itself and nothing else."""
        ...

    def headline(self, text: str, message: Message) -> str:
        """The first line."""
        ...

    def mark(self, text: str) -> str:
        """The evidence in a sample."""
        ...

    def quote(self, text: str) -> str:
        """A sample."""
        ...

    def link(self, label: str, url: str) -> str:
        """Somewhere to press."""
        ...


class Plain:
    """No markup at all: the twin of every card."""

    newline = "\n"

    def escape(self, text: str) -> str:
        """As it is."""
        return text

    def headline(self, text: str, message: Message) -> str:
        """As it is."""
        return text

    def mark(self, text: str) -> str:
        """In corner brackets."""
        return f"「{text}」"

    def quote(self, text: str) -> str:
        """As it is."""
        return text

    def link(self, label: str, url: str) -> str:
        """The label and the address, which programs make a link of."""
        return f"{label}{t('：', ': ')}{url}"


class Line(NamedTuple):
    """One line, and when it is given up for want of room: the higher `rank`, the sooner; 0 never."""

    text: str
    rank: int


def clean(text: str) -> str:
    """Text from outside on one line, without what cannot be seen and without live addresses."""
    text = _UNSEEN.sub("", re.sub(r"\s+", " ", text))
    return _ADDRESS.sub(lambda found: f"{found[1]}．" if found[1] else "：//", text)


def widen(text: str, meaning: str) -> str:
    """The text with each character of `meaning` as its full-width twin, which no markup knows.

    What would begin a list or a rule at the start of a line goes the same way.
    """
    text = text.translate({ord(char): _WIDE[ord(char)] for char in meaning})
    return _LINE_MARK.sub(
        lambda found: found[0].translate({ord(char): _WIDE[ord(char)] for char in "-+=.)"}), text
    )


def safe_url(url: str) -> str | None:
    """The address with everything quoted that could end it in a markup; None if it is no web address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > 1000:
        return None
    return quote(url, safe=":/?#@&=+,;%~.-_$", errors="replace")


def headline(message: Message, markup: Markup, keyword: str = "") -> str:
    """【红色】brand · title, with the robot's keyword if it is not there yet."""
    text = _headline(message, markup)
    return text if keyword in text else f"{text} · {keyword}"


def lines(
    message: Message, markup: Markup, form: Form, *, keyword: str = "", mentions: str = ""
) -> list[Line]:
    """The message in lines, from what happens to where to press.

    Args:
        message: what to say.
        markup: of the platform.
        form: long or short.
        keyword: that the platform asks for.
        mentions: the line that notifies people, in the platform's own words.
    """
    long = form == "long"
    one_alert = message.state != "digest"
    found = [
        Line(markup.headline(headline(message, markup, keyword), message), 0),
        Line(_say(message.summary, markup, SENTENCE), 0),
    ]
    if message.repeated:
        found.append(
            Line(t("可能重复：上次发送没有得到答复", "A possible repeat: no answer to the last attempt"), 1)
        )
    if long:
        zh, name_zh, en, name_en = _LEVELS[message.severity]
        if one_alert:
            found.append(Line(t(f"级别：{zh}（{name_zh}）", f"Level: {en.lower()} ({name_en})"), 3))
        found += [
            Line(f"{_say(fact.label, markup, TITLE)}{t('：', ': ')}{_say(fact.value, markup, SENTENCE)}", 3)
            for fact in message.facts
        ]
        found += [Line(_say(paragraph, markup, SENTENCE), 5) for paragraph in message.paragraphs]
    for number, sample in enumerate(message.samples[: SAMPLES if long else 1]):
        if sample.text.strip():
            found.append(Line(markup.quote(_sample(sample, markup)), 6 if number else 4))
    if message.others:
        found.append(
            Line(markup.escape(t(f"另有 {len(message.others)} 条", f"{len(message.others)} more")), 1)
        )
        found += [
            Line(_say(f"· {_tag(brief.severity)}{brief.brand} · {brief.title}", markup, TITLE), 5)
            for brief in message.others[: OTHERS if long else 0]
        ]
    if one_alert:
        found.append(Line(markup.escape(_footer(message, long=long)), 1))
    if pressable := _links(message.links if long else message.links[:1], markup):
        found.append(Line(pressable, 2))
    if mentions:
        found.append(Line(mentions, 0))
    return [line for line in found if line.text]


def fit(found: Sequence[Line], limit: int, newline: str, *, form: Form = "long") -> str:
    """The lines as one text of at most `limit` bytes, whole lines left out where there are too many.

    The short form keeps to `SHORT` bytes if leaving out samples is enough for it.
    """
    kept = list(found)
    if form == "short":
        kept = _within(kept, min(SHORT, limit), newline, above=2)
    whole = _within(kept, limit, newline)
    if len(whole) < len(kept):
        notice = Line(t("（有删节，全文见页面）", "(Cut; the page has all of it)"), 0)
        whole = _within([*kept, notice], limit, newline)
    return newline.join(line.text for line in whole)


def text_of(message: Message, form: Form, limit: int, *, keyword: str = "", mentions: str = "") -> str:
    """The message as plain text."""
    found = lines(message, Plain(), form, keyword=keyword, mentions=mentions)
    return fit(found, limit, Plain.newline, form=form)


def names(message: Message, markup: Markup) -> list[str]:
    """The people to notify as `@name`, where that is all one can do."""
    return [f"@{_say(one.name, markup, 20)}" for one in message.mentions[:MENTIONS] if one.name]


def _within(kept: Sequence[Line], limit: int, newline: str, above: int = 0) -> list[Line]:
    """Without the lines that are given up first; those ranked `above` or lower stay whatever it costs."""
    kept = list(kept)
    size = sum(len(line.text.encode()) + len(newline) for line in kept) - len(newline)
    while size > limit:
        rank = max((line.rank for line in kept), default=0)
        if rank <= above:
            break
        last = max(number for number, line in enumerate(kept) if line.rank == rank)
        size -= len(kept.pop(last).text.encode()) + len(newline)
    return kept


def _say(text: str, markup: Markup, limit: int) -> str:
    text = clean(text).strip()
    return markup.escape(text if len(text) <= limit else text[: limit - 1] + "…")


def _tag(severity: str) -> str:
    zh, _, en, _ = _LEVELS[severity]
    return t(f"【{zh}】", f"[{en}] ")


def _headline(message: Message, markup: Markup) -> str:
    zh, en = _STATES.get(message.state, ("", ""))
    level_zh, _, level_en, _ = _LEVELS[message.severity]
    tag = t("·".join(filter(None, (zh, level_zh))), " · ".join(filter(None, (en, level_en))))
    tag = t(f"【{tag}】", markup.escape(f"[{tag}] "))
    parts = [_say(part, markup, TITLE) for part in (message.brand, message.title) if part.strip()]
    return tag + " · ".join(parts)


def _footer(message: Message, *, long: bool) -> str:
    parts = []
    if message.state not in ("resolved", "test"):
        parts.append(_owner(message.owner))
    if message.rule:
        version = f" v{message.rule_version}" if message.rule_version else ""
        parts.append(t("规则 ", "rule ") + clean(message.rule)[:TITLE] + version)
    parts.append(_moment(message, long=long))
    return " · ".join(parts)


def _owner(owner: str) -> str:
    if not owner:
        return t("未认领", "unclaimed")
    name = clean(owner)[:20]
    return t(f"{name} 已认领", f"claimed by {name}")


def _moment(message: Message, *, long: bool) -> str:
    at = message.at
    if not long:
        return f"{at:%H:%M}"
    if current() == "en":
        return f"{at:%Y-%m-%d %H:%M}"
    return f"{at.year}年{at.month}月{at.day}日 周{_WEEKDAYS[at.weekday()]} {at:%H:%M}"


def _links(links: Iterable[Link], markup: Markup) -> str:
    return " · ".join(
        markup.link(_say(link.label, markup, 20), url)
        for link in links
        if (url := safe_url(link.url)) is not None
    )


def _sample(sample: Sample, markup: Markup) -> str:
    parts = []
    for piece, evidence in pieces(sample.text, sample.spans, EXCERPT):
        text = markup.escape(clean(piece))
        parts.append(markup.mark(text) if evidence and text.strip() else text)
    source = t("，", ", ").join(clean(part)[:40] for part in (sample.platform, sample.note) if part)
    source = markup.escape(t(f"（{source}）", f" ({source})")) if source else ""
    return "".join(parts).strip() + source


def pieces(text: str, spans: Iterable[tuple[int, int]], width: int) -> list[tuple[str, bool]]:
    """At most `width` characters of the text around its first evidence, cut into (piece, is evidence)."""
    inside = sorted((max(0, start), min(len(text), stop)) for start, stop in spans)
    first = inside[0][0] if inside else 0
    begin = 0 if len(text) <= width else max(0, min(first - width // 3, len(text) - width))
    end = min(len(text), begin + width)
    found: list[tuple[str, bool]] = [("……", False)] if begin else []
    at = begin
    for start, stop in inside:
        since, until = max(start, at), min(stop, end)
        if since < until:
            found += [(text[at:since], False), (text[since:until], True)]
            at = until
    found.append((text[at:end], False))
    if end < len(text):
        found.append(("……", False))
    return [piece for piece in found if piece[0]]
