"""Alerts and cases on a terminal, for somebody who has just been woken up."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.alerts.explanation import Explanation
from streams.alerts.model import Alert, Notice
from streams.cli.acting import SHOWN
from streams.language import t
from streams.notify.figures import lasting
from streams.notify.render import text_of
from streams.notify.telling import message
from streams.read.alerts import Delivery, Happening

LONGEST = 20_000
"""Bytes of what a message would say: a terminal has room for all of it."""

LEVELS = {
    "red": ("红·特别重大", "RED critical", "bold white on red"),
    "orange": ("橙·重大", "ORANGE major", "bold dark_orange"),
    "yellow": ("黄·较大", "YELLOW notable", "yellow"),
    "blue": ("蓝·一般", "BLUE minor", "blue"),
}
STATES = {
    "pending": ("观察中", "pending"),
    "firing": ("触发", "firing"),
    "acknowledged": ("已认领", "claimed"),
    "silenced": ("静默", "silenced"),
    "resolved": ("解除", "resolved"),
}
KINDS = {
    "opened": ("打开", "opened"),
    "pending": ("观察中", "pending"),
    "fired": ("触发", "fired"),
    "raised": ("升级", "raised"),
    "repeated": ("再次提醒", "said again"),
    "escalated": ("通知上一级", "escalated"),
    "acknowledged": ("认领", "claimed"),
    "unacknowledged": ("放弃认领", "given back"),
    "lapsed": ("认领失效", "claim lapsed"),
    "assigned": ("指派", "assigned"),
    "noted": ("记录", "note"),
    "silenced": ("静默", "silenced"),
    "unsilenced": ("静默结束", "silence over"),
    "expired": ("静默到期", "silence ran out"),
    "inhibited": ("被更重的告警盖过", "hidden by a worse one"),
    "uninhibited": ("重新可见", "shown again"),
    "resolved": ("解除", "resolved"),
    "reopened": ("重新打开", "reopened"),
    "false_alarm": ("误报", "false alarm"),
    "counted": ("计数更新", "counted"),
    "handed": ("已交渠道", "handed over"),
    "summed": ("汇总发送", "summed up"),
    "stored": ("只存不发", "stored only"),
    "case_opened": ("建处置单", "case opened"),
    "rejected": ("被拒绝", "refused"),
    "breached": ("超时", "overdue"),
    "listening": ("聆听", "listening"),
    "interacting": ("互动", "interacting"),
    "closed": ("结案", "closed"),
}


def level(severity: str) -> Text:
    """The name of a severity in its colour."""
    zh, en, style = LEVELS.get(severity, (severity, severity, ""))
    return Text(t(zh, en), style)


def state(name: str) -> str:
    """The name of a state of an alert."""
    return t(*STATES.get(name, (name, name)))


def against(alert: Alert) -> str:
    """What was measured, against what is usual: 37 / 3.1."""
    usual = "" if alert.expected is None else f" / {alert.expected:.3g}"
    return (f"{alert.count:,}" if alert.kind == "post" else f"{alert.value:.4g}") + usual


def table(titles: Iterable[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """An aligned table on stdout; whole lines where no person sees it."""
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for title in titles:
        shown.add_column(title, overflow="fold")
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(clean(cell)) for cell in row))
    console().print(shown)


def console() -> Console:
    """Stdout, never folded where a program reads it."""
    width = None if sys.stdout.isatty() else 100_000
    return Console(file=sys.stdout, highlight=False, width=width, soft_wrap=width is not None)


def alerts(found: Iterable[Alert], now: float) -> None:
    """The list: the worst first."""
    titles = (
        t("级别", "level"), t("已过", "age"), t("品牌", "brand"), t("规则", "rule"), t("实测/平时", "found/usual"),
        t("状态", "state"), t("负责人", "owner"), t("编号", "id"),
    )  # fmt: skip
    rows = (
        (
            level(one.severity),
            lasting(now - one.first_fired),
            one.brand or "-",
            one.rule + (f" · {one.entity}" if one.entity else ""),
            against(one),
            state(one.state) + (t("（误报）", " (false)") if one.false_alarm else ""),
            one.owner or "-",
            one.alert_id[:SHOWN],
        )
        for one in found
    )
    table(titles, rows)


def alert(
    one: Alert,
    why: Explanation,
    happened: Sequence[Happening],
    sent: Sequence[Delivery],
    *,
    timezone: str,
    now: float,
) -> None:
    """Everything about one alert: what a message would say of it, its query, what was done and what was sent."""
    zone = ZoneInfo(timezone)
    notice = Notice(key=one.alert_id, alert_id=one.alert_id, reason="firing", at=now)
    said = message(one, notice, why, timezone=timezone)
    first, *rest = text_of(said, "long", LONGEST).splitlines()
    console().print(Text(first, LEVELS[one.severity][2]))
    for line in rest:
        print(line)
    print()
    facts = [state(one.state), one.owner or t("无人认领", "unclaimed"), one.alert_id]
    if one.case_id:
        facts.append(t(f"处置单 {one.case_id}", f"case {one.case_id}"))
    print(" · ".join(facts))
    window = f"{clock(one.window_start, zone)} – {clock(one.window_end, zone)}"
    print(t(f"实测/平时 {against(one)}，窗口 {window}", f"found/usual {against(one)}, window {window}"))
    if one.sql:
        print(f"SQL  {one.sql}")
    print()
    timeline(happened, zone)
    if sent:
        print()
        titles = (t("通知", "sent"), t("渠道", "channel"), t("原因", "why"), t("结果", "result"))
        table(titles, ((_at(one.at, zone), one.channel, one.reason, _result(one)) for one in sent))


def timeline(happened: Iterable[Happening], zone: ZoneInfo) -> None:
    """What happened, oldest first."""
    titles = (t("时间", "time"), t("事件", "event"), t("谁", "who"), t("说明", "detail"))
    rows = (
        (
            _at(one.at, zone),
            t(*KINDS.get(one.kind, (one.kind, one.kind))),
            " ".join(filter(None, (one.actor, one.via, one.source))),
            one.detail,
        )
        for one in sorted(happened, key=lambda one: one.seq)
    )
    table(titles, rows)


def clean(text: str) -> str:
    """On one line, and nothing that a terminal obeys."""
    return "".join(char if char.isprintable() else " " for char in text)


def clock(at: float, zone: ZoneInfo) -> str:
    """Month, day and time; a dash for "never"."""
    return f"{datetime.fromtimestamp(at, zone):%m-%d %H:%M:%S}" if at else "-"


def plain(one: Alert, zone: ZoneInfo) -> dict[str, Any]:
    """An alert as JSON has it: the columns of the view `alerts`, and what else scripts ask for."""
    times = ("first_fired", "last_fired", "window_start", "window_end", "acknowledged_at", "resolved_at")
    names = (
        "alert_id", "rule", "rule_version", "kind", "brand", "entity", "team", "severity", "state", "owner",
        "count", "value", "expected", "latency_ms", "sql", "false_alarm", "case_id",
    )  # fmt: skip
    return {
        **{name: getattr(one, name) for name in names},
        **{name: iso(getattr(one, name), zone) for name in times},
        "posts": [{"kind": ref.kind, "platform": ref.platform, "id": ref.id} for ref in one.refs],
    }


def iso(at: float, zone: ZoneInfo) -> str | None:
    """A time with its offset; None for "never"."""
    return datetime.fromtimestamp(at, zone).isoformat(timespec="milliseconds") if at else None


def _at(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%m-%d %H:%M:%S}"


def _result(one: Delivery) -> str:
    return " ".join(filter(None, (one.state, one.code, one.answer)))
