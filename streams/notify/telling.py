"""An alert → the message about it: what happened, to whom, how bad, why we think so, what to press. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from streams.alerts import spike
from streams.alerts.case import Case, named
from streams.alerts.explanation import Example, Explanation, Reach
from streams.alerts.links import Addresses
from streams.alerts.model import MACHINE, Alert, Notice, Reason
from streams.language import t
from streams.notify.base import Brief, Fact, Link, Mention, Message, Sample
from streams.notify.figures import clock, lasting, number, percent
from streams.notify.happening import Happening, happening, single
from streams.topics.alert import Kind

WORDS = 3
"""Rising words that are told."""

WIDELY = 10_000
"""Followers from which on an author's are worth a word."""


_UNEXPLAINED: Mapping[Kind, Explanation] = dict.fromkeys(("absence", "silent"), Explanation())
"""Kinds of which nothing is missing without an explanation: there are no posts."""


def message(
    alert: Alert,
    notice: Notice,
    explanation: Explanation | None = None,
    *,
    links: Addresses = Addresses(),  # noqa: B008 - immutable
    timezone: str = "Asia/Shanghai",
    mentions: Sequence[Mention] = (),
    others: Sequence[Brief] = (),
    repeated: bool = False,
    case: Case | None = None,
) -> Message:
    """What is said because of a notice.

    Args:
        alert: as it stands when the message is sent.
        notice: why something is said.
        explanation: what is known of its posts; None for nothing.
        links: where it leads.
        timezone: of the readers.
        mentions: who is to be notified by name.
        others: alerts that it stands for besides its own.
        repeated: whether it may have been delivered before.
        case: of the alert, if there is one.
    """
    said = explanation or _UNEXPLAINED.get(alert.kind, Explanation(late=("examples", "said")))
    # A notice of an alert that has a case is about the alert, unless it is the case's clock that has run out.
    case = case if notice.reason == "breached" else None
    telling = _Telling(alert, notice, said, timezone, tuple(mentions), case)
    told = _REASONS[notice.reason](telling)
    return Message(
        key=notice.key,
        alert_id=alert.alert_id,
        severity=case.severity if case else alert.severity,
        brand=alert.brand,
        title=told.title,
        summary=t("。", ". ").join(part for part in told.sentences if part),
        at=datetime.fromtimestamp(notice.at, ZoneInfo(timezone)),
        state=notice.reason,
        rule=alert.rule,
        rule_version=alert.rule_version,
        owner=case.owner if case else alert.owner,
        facts=_facts(telling) if told.whole else (),
        paragraphs=_reasons(telling) if told.whole else (),
        samples=tuple(map(_sample, said.examples)) if told.whole else (),
        links=_links(telling, links),
        mentions=tuple(mentions),
        others=tuple(others),
        repeated=repeated,
    )


class _Telling(NamedTuple):
    alert: Alert
    notice: Notice
    said: Explanation
    timezone: str
    mentions: tuple[Mention, ...]
    case: Case | None

    @property
    def happening(self) -> Happening:
        """What the alert is about."""
        return happening(self.alert, self.said, now=self.notice.at, timezone=self.timezone)

    def clock(self, at: float) -> str:
        """A moment, beside the one of the notice."""
        return clock(at, self.timezone, self.notice.at)


class _Told(NamedTuple):
    """What one kind of notice says.

    Attributes:
        title: what happens.
        sentences: of the summary.
        whole: with figures, reasons and samples; that it is claimed or over needs none.
    """

    title: str
    sentences: tuple[str, ...]
    whole: bool = True


def _firing(telling: _Telling) -> _Told:
    title, figure = telling.happening
    return _Told(title, (figure, telling.notice.note))


def _repeat(telling: _Telling) -> _Told:
    alert, notice = telling.alert, telling.notice
    title, figure = telling.happening
    still = "" if alert.owner else t("仍无人认领", "still unclaimed")
    return _Told(title, (figure, notice.note or still, _since(telling), _total(alert)))


def _escalated(telling: _Telling) -> _Told:
    notice = telling.notice
    title, figure = telling.happening
    level = notice.level + 1
    up = notice.note or t(f"无人认领，通知第 {level} 级", f"unclaimed: telling level {level}")
    who = t("、", ", ").join(one.name for one in telling.mentions if one.name)
    return _Told(title, (figure, up + (t("：", ": ") + who if who else ""), _since(telling)))


def _acknowledged(telling: _Telling) -> _Told:
    alert, notice = telling.alert, telling.notice
    at = telling.clock(alert.acknowledged_at or notice.at)
    claimed = t(f"{alert.owner} {at} 已认领", f"claimed by {alert.owner} at {at}")
    return _Told(telling.happening.title, (notice.note or claimed,), whole=False)


def _resolved(telling: _Telling) -> _Told:
    alert, notice = telling.alert, telling.notice
    lasted = lasting((alert.resolved_at or notice.at) - alert.first_fired)
    over = t(f"持续 {lasted}", f"lasted {lasted}")
    if alert.kind == "post":
        over += t(f"，共 {number(alert.count)} 条", f", {number(alert.count)} in all")
    by = alert.resolved_by if alert.resolved_by != MACHINE else ""
    if alert.false_alarm:
        ended = t(f"{by} 标为误报", f"{by} called it a false alarm")
    elif by:
        ended = t(f"{by} 已解除", f"{by} resolved it")
    elif alert.kind == "post":
        ended = t("不再有新的命中，自动解除", "nothing new matched: resolved by itself")
    else:
        ended = t("已恢复，自动解除", "back to normal: resolved by itself")
    return _Told(telling.happening.title, (over, notice.note or ended), whole=False)


def _since(telling: _Telling) -> str:
    lasted = lasting(telling.notice.at - telling.alert.first_fired)
    return t(f"已持续 {lasted}", f"it has lasted {lasted}")


def _total(alert: Alert) -> str:
    """How many there were, all in all: one message stands for all of them."""
    if alert.kind != "post" or alert.count <= 1:
        return ""
    return t(f"至今 {number(alert.count)} 条", f"{number(alert.count)} so far")


def _breached(telling: _Telling) -> _Told:
    notice, case = telling.notice, telling.case
    happened = telling.happening.title
    number_ = t(f"处置单 {notice.case_id}", f"case {notice.case_id}")
    if case is None:
        return _Told(notice.note or happened, (happened, number_), whole=False)
    opened = telling.clock(case.opened_at)
    state = t(f"{opened} 开启，现在：{named(case.state)}", f"opened at {opened}, now {named(case.state)}")
    return _Told(notice.note or happened, (happened, number_, state), whole=False)


_REASONS: Mapping[Reason, Callable[[_Telling], _Told]] = {
    "firing": _firing,
    "repeat": _repeat,
    "escalated": _escalated,
    "acknowledged": _acknowledged,
    "resolved": _resolved,
    "breached": _breached,
}


def _facts(telling: _Telling) -> tuple[Fact, ...]:
    said = telling.said
    between = t("、", ", ")
    found = []
    one = single(telling.alert, said)
    if said.sources and not one:
        parts = (f"{source.platform} {number(source.count)}" for source in said.sources)
        found.append(Fact(t("来源", "Sources"), between.join(parts)))
    if said.tone is not None:
        found.append(Fact(_toned(said, said.tone.total), _tone(said)))
    if said.terms:
        words = (
            t(
                f"{term.term}（{number(term.posts)} 条，之前 {number(term.before)}）",
                f"{term.term} ({number(term.posts)}, before {number(term.before)})",
            )
            for term in said.terms[:WORDS]
        )
        found.append(Fact(t("热词", "Rising words"), between.join(words)))
    if said.spread is not None and telling.alert.kind != "cascade":
        largest = said.spread
        found.append(
            Fact(
                t("最大传播", "Largest cascade"),
                t(
                    f"{largest.platform} {number(largest.size)} 个节点，{largest.depth} 层，近 1 小时 "
                    f"{number(largest.last_hour)} 次转发（前 1 小时 {number(largest.hour_before)} 次）",
                    f"{largest.platform}, {number(largest.size)} nodes, depth {largest.depth}, "
                    f"{number(largest.last_hour)} shares in the last hour ({number(largest.hour_before)} in the hour before)",
                ),
            )
        )
    if said.reach is not None and not one:
        found.append(Fact(t("作者", "Authors"), _authors(said.reach)))
    first = telling.clock(telling.alert.first_fired)
    if first != telling.clock(telling.notice.at):
        found.append(Fact(t("首次触发", "First fired"), first))
    return tuple(found)


def _authors(reach: Reach) -> str:
    if reach.authors == 1:
        return t(f"1 人，粉丝 {number(reach.most)}", f"1, {number(reach.most)} followers")
    return t(
        f"{number(reach.authors)} 人，粉丝共 {number(reach.followers)}，最多 {number(reach.most)}",
        f"{number(reach.authors)}, {number(reach.followers)} followers together, {number(reach.most)} at most",
    )


def _toned(said: Explanation, total: int) -> str:
    """Of what the sentiment is: of the matches, of all that is said of the brand, or of the matches that name it."""
    if total > said.count:
        return t("全部提及的情感", "Sentiment of all mentions")
    if total < said.count:
        return t(f"其中 {number(total)} 条的情感", f"Sentiment of {number(total)} of them")
    return t("情感", "Sentiment")


def _tone(said: Explanation) -> str:
    tone = said.tone
    assert tone is not None
    parts = (
        (t("负", "negative"), tone.negative),
        (t("中", "neutral"), tone.neutral),
        (t("正", "positive"), tone.positive),
    )
    return t("、", ", ").join(
        t(f"{word} {number(count)}（{percent(100 * count / tone.total)}）",
          f"{word} {number(count)} ({percent(100 * count / tone.total)})")
        for word, count in parts
    )  # fmt: skip


def _reasons(telling: _Telling) -> tuple[str, ...]:
    """Why we think so: what the rule is for, what chance would explain, and what is not known."""
    alert, said = telling.alert, telling.said
    found = []
    rule = said.rule
    if rule is not None and rule.description:
        found.append(t(f"规则说明：{rule.description}", f"The rule: {rule.description}"))
    if rule is not None and rule.kind == "window" and rule.measure == "count" and rule.above is not None:
        least = number(rule.above)
        found.append(t(f"达到 {least} 条就报", f"It is told from {least} on"))
    if alert.kind == "spike" and alert.expected is not None:
        odds = spike.against(alert.expected, alert.value)
        assert odds.eta is not None
        found.append(
            t(
                f"超出平时的幅度是正常波动范围的 {odds.eta:.1f} 倍，达到 1 倍就报",
                f"It exceeds the usual by {odds.eta:.1f} times the range of chance; 1 is told",
            )
        )
    missing = [t(*_PARTS[part]) for part in said.late if part in _PARTS]
    if missing:
        names = t("、", ", ").join(missing)
        found.append(t(f"还没统计好，请看页面：{names}", f"Not counted yet, see the page: {names}"))
    return tuple(found)


_PARTS = {
    "examples": ("例帖", "samples"),
    "said": ("来源、情感和作者", "sources, sentiment and authors"),
    "usual": ("平时的数量", "what is usual"),
    "spread": ("传播", "cascade"),
    "terms": ("热词", "rising words"),
}


def _sample(example: Example) -> Sample:
    notes = []
    if example.reposts:
        notes.append(t(f"转发 {number(example.reposts)}", f"{number(example.reposts)} shares"))
    if example.followers >= WIDELY:
        notes.append(t(f"粉丝 {number(example.followers)}", f"{number(example.followers)} followers"))
    return Sample(
        text=example.text,
        spans=example.spans,
        platform=example.platform,
        note=t("，", ", ").join(notes),
        url=example.url,
    )


def _links(telling: _Telling, links: Addresses) -> tuple[Link, ...]:
    unclaimed = not telling.alert.owner and telling.notice.reason not in ("acknowledged", "resolved")
    press = t("查看并认领", "View and claim") if unclaimed else t("查看", "View")
    labelled = (
        (press, links.page),
        (t("看板", "Dashboard"), links.dashboard),
        (t("原帖", "Post"), links.post),
    )
    return tuple(Link(label, url) for label, url in labelled if url)
