"""What has happened, in a few words, and the figure against what is usual: one pair for each kind of rule."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from streams.alerts import spike
from streams.alerts.explanation import Explanation
from streams.alerts.model import Alert
from streams.language import t
from streams.notify.figures import clock, lasting, number, percent, points
from streams.topics.alert import Kind

_DAY = 86_400.0


class Happening(NamedTuple):
    """An alert in words.

    Attributes:
        title: what happens, without the brand.
        figure: one sentence: how much, and what is usual.
    """

    title: str
    figure: str


def happening(alert: Alert, explanation: Explanation, *, now: float, timezone: str) -> Happening:
    """What an alert is about.

    Args:
        alert: as it stands.
        explanation: what is known of its posts; every part may be missing.
        now: Unix seconds.
        timezone: of the readers.
    """
    return _KINDS[alert.kind](_Case(alert, explanation, now, timezone))


def name(rule: str, brand: str) -> str:
    """The rule's name without the brand, which stands before it anyway."""
    short = rule.removeprefix(brand).strip(" -·_") if brand else rule
    return short or rule


def usual(explanation: Explanation) -> str:
    """What is usual, and since when it is known: `，平时 9 条（同时段 4 周）`; "" where that is not known."""
    known = explanation.usual
    if known is None:
        return ""
    count = number(known.count)
    if known.weeks:
        return t(
            f"，平时 {count} 条（同时段 {known.weeks} 周）",
            f", usually {count} (same hours, {_plural(known.weeks, 'week')})",
        )
    return t(f"，平时 {count} 条（近 12 小时）", f", usually {count} (last 12 hours)")


def single(alert: Alert, explanation: Explanation) -> bool:
    """Whether it is about one post, of which the figure says all there is to count."""
    count = explanation.count or alert.count
    return alert.kind == "post" and count == 1 and bool(explanation.examples)


class _Case(NamedTuple):
    alert: Alert
    explanation: Explanation
    now: float
    timezone: str

    @property
    def length(self) -> str:
        """The window, rounded as people say it."""
        said = self.explanation
        seconds = (
            said.stop - said.start
            if said.stop > said.start
            else self.alert.window_end - self.alert.window_start
        )
        return lasting(seconds)

    @property
    def what(self) -> str:
        """What is counted: 负面, 正面 or 相关."""
        rule = self.explanation.rule
        match rule.sentiment if rule else "":
            case "neg":
                return t("负面", "negative")
            case "pos":
                return t("正面", "positive")
        return t("相关", "relevant")


def _post(case: _Case) -> Happening:
    alert, said = case.alert, case.explanation
    count = said.count or alert.count
    growing = said.usual is not None and spike.against(said.usual.count, count).fires
    title = name(alert.rule, alert.brand) + (t("激增", " surges") if growing else "")
    if single(alert, said):
        one = said.examples[0]
        parts = [one.platform + t(" 1 条", ": 1 post")]
        if one.followers:
            parts.append(t(f"作者粉丝 {number(one.followers)}", f"{number(one.followers)} followers"))
        if one.reposts:
            parts.append(t(f"转发 {number(one.reposts)}", f"{number(one.reposts)} shares"))
        return Happening(title, t("，", ", ").join(parts) + usual(said))
    if not said.count:
        return Happening(title, t(f"{case.what} {number(count)} 条", f"{number(count)} {case.what}"))
    return Happening(title, _counted(case, count))


def _counted(case: _Case, count: float) -> str:
    figure = number(count)
    said = t(f"{case.length}{case.what} {figure} 条", f"{figure} {case.what} in {case.length}")
    return said + usual(case.explanation)


def _spike(case: _Case) -> Happening:
    named = name(case.alert.rule, case.alert.brand)
    title = named if named.endswith("增") else named + t("激增", " surges")
    known = case.explanation
    if known.usual is None and case.alert.expected is not None:
        figure = number(case.alert.value)
        expected = number(case.alert.expected)
        return Happening(
            title,
            t(
                f"{case.length}{case.what} {figure} 条，平时 {expected} 条",
                f"{figure} {case.what} in {case.length}, usually {expected}",
            ),
        )
    return Happening(title, _counted(case, case.alert.value))


def _window(case: _Case) -> Happening:
    alert, rule = case.alert, case.explanation.rule
    measure = rule.measure if rule else "count"
    value, within = alert.value, case.length
    match measure:
        case "negative_share":
            said = percent(value)
            return Happening(
                t(f"负面占比{_moved(case)} {said}", f"negative share {_moved(case)} {said}"),
                t(f"{within}负面占比 {said}", f"negative share {said} in {within}") + _bound(case, percent),
            )
        case "nsr":
            said = points(value)
            return Happening(
                t(f"净情感值{_moved(case)} {said}", f"net sentiment {_moved(case)} {said}"),
                t(f"{within}净情感值 {said}", f"net sentiment {said} in {within}") + _bound(case, points),
            )
        case "authors":
            return Happening(
                name(alert.rule, alert.brand),
                t(
                    f"{within}有 {number(value)} 人{case.what}发言",
                    f"{number(value)} {case.what} authors in {within}",
                )
                + _bound(case, number),
            )
        case "reach":
            return Happening(
                name(alert.rule, alert.brand),
                t(f"{within}触达 {number(value)} 人次", f"reach of {number(value)} in {within}")
                + _bound(case, number),
            )
    return Happening(name(alert.rule, alert.brand), _counted(case, value))


def _cascade(case: _Case) -> Happening:
    alert, spread = case.alert, case.explanation.spread
    rule = case.explanation.rule
    size = ""
    if spread is not None:
        size = t(
            f"，共 {number(spread.size)} 个节点，近 1 小时转发 {number(spread.last_hour)} 次",
            f", {number(spread.size)} nodes, {number(spread.last_hour)} shares in the last hour",
        )
    if rule is not None and rule.measure == "growth":
        return Happening(
            t("转发加速", "shares speed up"),
            t(
                f"{case.length}转发 {number(alert.value)} 次",
                f"{number(alert.value)} shares in {case.length}",
            )
            + (
                t(f"，共 {number(spread.size)} 个节点", f", {number(spread.size)} nodes in all")
                if spread
                else ""
            ),
        )
    depth = round(alert.value) or (spread.depth if spread else 0)
    return Happening(
        t(f"二次传播达 {depth} 层", f"passed on over {_plural(depth, 'generation')}"),
        t(f"转发传到第 {depth} 层", f"shares have reached generation {depth}") + size,
    )


def _absence(case: _Case) -> Happening:
    """The window begins with the last thing that came."""
    alert = case.alert
    gap = lasting(case.now - alert.window_start)
    origin = t(f"（{alert.entity}来源）", f" ({alert.entity})") if alert.entity else ""
    who = alert.entity or t("所有来源", "any source")
    since = clock(alert.window_start, case.timezone, case.now)
    figure = t(f"{who}自 {since} 起没有新数据", f"nothing new from {who} since {since}")
    if alert.expected is not None:
        expected = number(alert.expected)
        figure += t(f"，平时这段时间 {expected} 条", f", usually {expected} in such a time")
    return Happening(t(f"数据中断 {gap}{origin}", f"no data for {gap}{origin}"), figure)


def _silent(case: _Case) -> Happening:
    """The window begins with the last post of the brand's own accounts."""
    alert = case.alert
    length = lasting(alert.value * _DAY)
    last = clock(alert.window_start, case.timezone, case.now)
    where = t(f"{alert.entity}", f" on {alert.entity}") if alert.entity else ""
    return Happening(
        t(f"官方账号{where} {length}没有发声", f"own accounts silent{where} for {length}"),
        t(f"官方账号最近一条发布于 {last}", f"the brand's own accounts posted last at {last}"),
    )


def _moved(case: _Case) -> str:
    """Up or down, by the bound that it is beyond."""
    rule = case.explanation.rule
    fell = rule is not None and rule.below is not None and case.alert.value <= rule.below
    return t("降到", "down to") if fell else t("升到", "up to")


def _bound(case: _Case, said: Callable[[float], str]) -> str:
    """The threshold that was crossed; what is usual stands before it where it is known."""
    expected, rule = case.alert.expected, case.explanation.rule
    text = t(f"，平时 {said(expected)}", f", usually {said(expected)}") if expected is not None else ""
    if rule is None:
        return text
    if rule.below is not None and case.alert.value <= rule.below:
        return text + t(f"（低于 {said(rule.below)} 就报）", f" (told below {said(rule.below)})")
    if rule.above is not None:
        return text + t(f"（达到 {said(rule.above)} 就报）", f" (told from {said(rule.above)} on)")
    return text


def _plural(count: int, one: str) -> str:
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


_KINDS: Mapping[Kind, Callable[[_Case], Happening]] = {
    "post": _post,
    "window": _window,
    "spike": _spike,
    "cascade": _cascade,
    "absence": _absence,
    "silent": _silent,
}
