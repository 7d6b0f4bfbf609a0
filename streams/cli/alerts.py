"""koubei alerts: what is wrong now, why, and what to do about it; all acts go through Kafka to the notifier."""

import asyncio
from contextlib import closing
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from cyclopts import Parameter
from msgspec import to_builtins

from streams.alerts.model import Alert
from streams.cli import alert_views as views
from streams.cli.acting import SHOWN, Id, find
from streams.cli.alert_acts import assign, many, note, silence, unsilence
from streams.cli.alert_tuning import tuning
from streams.cli.common import ClickHouse, Data, Json, group, reader_url, say, settings, show_json
from streams.cli.tables import plain
from streams.clock import SYSTEM
from streams.errors import BadConfig
from streams.language import t
from streams.read import alerts as read
from streams.read.explain import explain
from streams.read.queries import Reader
from streams.severity import Severity
from streams.store.client import Connection

app = group(
    "alerts",
    "告警：列出、查看、认领、指派、静默、解除",
    "Alerts: list, look, claim, assign, silence, resolve",
)

PATIENCE = 5.0
"""Seconds for what explains an alert."""

State = Literal["open", "pending", "firing", "acknowledged", "silenced", "resolved", "all"]


@app.command(
    name="list", help=t("列出没有了结的，最严重的在前", "List those that are not over, the worst first")
)
def list_(
    *,
    state: Annotated[
        State, Parameter(help=t("哪些：open 未了结，all 全部", "Which: open, all, or one state"))
    ] = "open",
    severity: Annotated[Severity | None, Parameter(help=t("只看这个级别", "Only of this severity"))] = None,
    brand: Annotated[str, Parameter(help=t("只看这个品牌", "Only of this brand"))] = "",
    owner: Annotated[str, Parameter(help=t("只看这个人负责的", "Only those that this person has"))] = "",
    rule: Annotated[str, Parameter(help=t("只看这条规则的", "Only of this rule"))] = "",
    limit: Annotated[int, Parameter(help=t("最多多少条", "At most so many"))] = 50,
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Print alerts, those that are open and the worst first."""
    if not 1 <= limit <= 10_000:
        raise BadConfig(t(f"--limit {limit}：要在 1 到 10000 之间", f"--limit {limit}: write 1 to 10000"))
    loaded = settings(data, None, clickhouse)
    wanted = read.Wanted(
        states=() if state == "all" else (state,),
        severities=(severity,) if severity else (),
        brand=brand,
        owner=owner,
        rule=rule,
    )
    with closing(Reader(reader_url(loaded), connections=1, row_limit=20_000)) as reader:
        found = asyncio.run(read.inbox(reader, wanted, limit=limit))
    if json:
        show_json([views.plain(one, ZoneInfo(loaded.timezone)) for one in found.alerts])
        return
    if not found.alerts:
        say(
            t(
                "没有这样的告警。以往的：koubei alerts list --state all",
                "None. Past ones: koubei alerts list --state all",
            )
        )
        return
    views.alerts(found.alerts, SYSTEM.now())
    begin = found.alerts[0].alert_id[:SHOWN]
    if found.next:
        say(t(f"只列出前 {limit} 条：--limit", f"The first {limit} only: --limit"))
    say(t(f"看一条：koubei alerts show {begin}", f"See one: koubei alerts show {begin}"))
    if found.alerts[0].state == "firing":
        say(t(f"认领：koubei alerts ack {begin}", f"Claim it: koubei alerts ack {begin}"))


@app.command(
    help=t(
        "一条告警的来龙去脉：为什么、依据、经过、通知",
        "One alert: why, evidence, what happened, what was sent",
    )
)
def show(id: Id, *, json: Json = False, data: Data = None, clickhouse: ClickHouse = None) -> None:
    """Print everything about one alert."""
    loaded = settings(data, None, clickhouse)
    zone, now = ZoneInfo(loaded.timezone), SYSTEM.now()
    with closing(Connection(reader_url(loaded), timeout=PATIENCE)) as connection:
        whole = find(connection, "alert", id)
        with closing(Reader(reader_url(loaded), connections=3)) as reader:
            one, happened, sent = asyncio.run(_whole(reader, whole))
        why = explain(connection, one, limit=PATIENCE, now=now)
    if json:
        show_json(
            {
                **views.plain(one, zone),
                "explanation": {name: part for name, part in to_builtins(why).items() if name != "rule"},
                "timeline": [plain(event._asdict(), zone) for event in reversed(happened)],
                "notifications": [plain(delivery._asdict(), zone) for delivery in sent],
            }
        )
        return
    views.alert(one, why, happened, sent, timezone=loaded.timezone, now=now)
    begin = one.alert_id[:SHOWN]
    if one.state == "firing":
        say(t(f"认领：koubei alerts ack {begin}", f"Claim it: koubei alerts ack {begin}"))
    elif one.state == "acknowledged" and not one.case_id:
        say(t(f"建处置单：koubei cases open {begin}", f"Open a case: koubei cases open {begin}"))


@app.command(help=t("列出静默", "List silences"))
def silences(
    *,
    all: Annotated[bool, Parameter(help=t("也列出已结束的", "Those that are over as well"))] = False,
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Print silences."""
    loaded = settings(data, None, clickhouse)
    zone = ZoneInfo(loaded.timezone)
    with closing(Reader(reader_url(loaded), connections=1)) as reader:
        found = asyncio.run(read.silences(reader, ended=all))
    if json:
        show_json([plain(one._asdict(), zone) for one in found])
        return
    if not found:
        say(t("没有静默", "There are no silences"))
        return
    titles = (
        t("状态", "state"), t("到", "until"), t("静默什么", "what"), t("最高级别", "up to"), t("谁", "who"),
        t("为什么", "why"), t("编号", "id"),
    )  # fmt: skip
    views.table(
        titles,
        (
            (
                t("生效", "active") if one.state == "active" else t("结束", "ended"),
                views.clock(one.until.timestamp(), zone),
                " · ".join(filter(None, (one.alert_id[:SHOWN], one.rule, one.brand))),
                views.level(one.severity or "orange"),
                one.actor,
                one.comment,
                one.silence_id[:SHOWN],
            )
            for one in found
        ),
    )


async def _whole(reader: Reader, alert_id: str) -> tuple[Alert, list[read.Happening], list[read.Delivery]]:
    one, happened, sent = await asyncio.gather(
        read.alert(reader, alert_id), read.timeline(reader, alert_id), read.deliveries(reader, alert_id)
    )
    assert one is not None
    return one, happened, sent


for _name, _function, _zh, _en in (
    (
        "ack",
        many("acknowledge", "已认领", "Claimed"),
        "认领：提醒和升级停止",
        "Claim alerts: reminders and escalation stop",
    ),
    (
        "unack",
        many("unacknowledge", "已放弃认领", "Given back"),
        "放弃认领：重新提醒",
        "Give alerts back: reminders go on",
    ),
    ("assign", assign, "指派给一个人", "Give an alert to somebody"),
    ("note", note, "在经过里记一笔", "Write a note into the timeline"),
    (
        "silence",
        silence,
        "在一段时间内不再通知（红色除非写明）",
        "No messages for a while; red ones only if named",
    ),
    ("unsilence", unsilence, "提前结束静默", "End a silence before its time"),
    ("resolve", many("resolve", "已解除", "Resolved"), "解除", "Resolve alerts"),
    (
        "false-alarm",
        many("false_alarm", "已标为误报", "Called false"),
        "标为误报并解除，供调校规则",
        "Call alerts false and resolve them: tuning rests on it",
    ),
    (
        "tuning",
        tuning,
        "哪些规则白白吵醒人，改什么会安静些",
        "Which rules wake people for nothing, and what would help",
    ),
):
    app.command(_function, name=_name, help=t(_zh, _en))
