"""koubei cases: what people do about an alert, from 发现 to 结案, and how well it went."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from streams.alerts.case import ENDED, CaseState, named
from streams.alerts.outcomes import Outcome, Said
from streams.cli import alert_views as views
from streams.cli.acting import HERE, SHOWN, Note, Terminal, command, find, perform
from streams.cli.acting import Id as AlertId
from streams.cli.common import ClickHouse, Data, Json, group, reader_url, say, settings, show_json
from streams.cli.tables import plain
from streams.cli.times import moment
from streams.clock import SYSTEM
from streams.config import Settings
from streams.errors import BadConfig
from streams.language import t
from streams.notify.figures import lasting
from streams.read import alerts as read
from streams.read import cases as went
from streams.read.cases import By as Grouped
from streams.read.cases import Pace, Report
from streams.read.queries import Reader
from streams.store.client import Connection

app = group("cases", "处置单：从发现到结案，时限和结果", "Cases: from found to closed, clocks and outcomes")

Id = Annotated[
    str,
    Parameter(help=t("处置单编号，或它的前六位以上", "Id of the case, or its first six characters or more")),
]
Came = Annotated[str, Parameter(name="--outcome", help=t("结果是什么", "What came of it"))]
Which = Literal["open", "found", "listening", "interacting", "resolved", "closed", "reopened", "all"]

_ACTIVE: tuple[CaseState, ...] = ("found", "listening", "interacting", "reopened")


@app.command(
    name="list", help=t("列出没有了结的，超时的在前", "List those that are not over, late ones first")
)
def list_(
    *,
    state: Annotated[
        Which, Parameter(help=t("哪些：open 未了结，all 全部", "Which: open, all, or one state"))
    ] = "open",
    owner: Annotated[str, Parameter(help=t("只看这个人负责的", "Only those that this person has"))] = "",
    limit: Annotated[int, Parameter(help=t("最多多少张", "At most so many"))] = 50,
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Print cases, those that are late first, then the worst."""
    if not 1 <= limit <= 10_000:
        raise BadConfig(t(f"--limit {limit}：要在 1 到 10000 之间", f"--limit {limit}: write 1 to 10000"))
    loaded = settings(data, None, clickhouse)
    states = () if state == "all" else _ACTIVE if state == "open" else (state,)
    with closing(Reader(reader_url(loaded), connections=1)) as reader:
        found = asyncio.run(read.cases(reader, states=states, owner=owner, limit=limit))
    if json:
        zone = ZoneInfo(loaded.timezone)
        show_json([plain(one._asdict(), zone) for one in found])
        return
    if not found:
        say(
            t(
                "没有这样的处置单。建一张：koubei cases open 告警编号",
                "None. Open one: koubei cases open ALERT",
            )
        )
        return
    now = SYSTEM.now()
    titles = (
        t("级别", "level"), t("状态", "state"), t("品牌", "brand"), t("规则", "rule"), t("负责人", "owner"),
        t("首次回应", "first reply"), t("化解", "resolved"), t("编号", "id"),
    )  # fmt: skip
    views.table(
        titles,
        (
            (
                views.level(one.severity),
                named(_state(one.state)),
                one.brand or "-",
                one.rule,
                one.owner,
                left(one.respond_by, one.responded_at, now, running=one.state not in ENDED),
                left(one.resolve_by, one.resolved_at or one.closed_at, now, running=True),
                one.case_id[:SHOWN],
            )
            for one in found
        ),
    )


@app.command(help=t("一张处置单：时限、经过、结果", "One case: clocks, what happened, what came of it"))
def show(id: Id, *, json: Json = False, data: Data = None, clickhouse: ClickHouse = None) -> None:
    """Print everything about one case."""
    loaded = settings(data, None, clickhouse)
    zone, now = ZoneInfo(loaded.timezone), SYSTEM.now()
    with closing(Reader(reader_url(loaded), connections=3)) as reader:
        (row,), happened, came = asyncio.run(_whole(reader, _find(loaded, id), now))
    if json:
        show_json(
            {
                **plain(row._asdict(), zone),
                "result": _came(came),
                "timeline": [plain(event._asdict(), zone) for event in reversed(happened)],
            }
        )
        return
    head = views.level(row.severity)
    head.append(f"  {row.brand}  {row.rule}", "bold")
    views.console().print(head)
    print(
        t(
            f"{named(_state(row.state))} · {row.owner} 负责 · {row.case_id} · 告警 {row.alert_id}",
            f"{named(_state(row.state))} · owned by {row.owner} · {row.case_id} · alert {row.alert_id}",
        )
    )
    running = row.state not in ENDED
    print(t("首次回应 ", "first reply ") + left(row.respond_by, row.responded_at, now, running=running))
    print(t("化解 ", "resolved ") + left(row.resolve_by, row.resolved_at or row.closed_at, now, running=True))
    if row.outcome:
        print(t(f"结果 {row.outcome}", f"outcome {row.outcome}"))
    for line in _told(came):
        print(line)
    print()
    views.timeline(happened, zone)


@app.command(
    name="open",
    help=t("为一条告警建处置单，时限从此刻算起", "Open a case for an alert; its clocks begin now"),
)
def open_(
    alert: AlertId,
    *,
    owner: Annotated[str, Parameter(help=t("交给谁（默认自己）", "Who has it; yourself if not given"))] = "",
    note: Note = "",
    here: Terminal = HERE,
) -> int:
    """Open a case."""
    loaded = here.settings()
    with closing(Connection(reader_url(loaded))) as connection:
        whole = find(connection, "alert", alert)
    made = command("case_open", here.by, alert_id=whole, owner=owner, note=note)
    return perform(loaded, [made], t("已建处置单", "Case opened:"), as_json=here.json)


@app.command(help=t("交给一个人", "Give a case to somebody"))
def assign(
    id: Id,
    owner: Annotated[str, Parameter(help=t("给谁", "To whom"))],
    *,
    note: Note = "",
    here: Terminal = HERE,
) -> int:
    """Give a case to somebody."""
    loaded = here.settings()
    made = command("case_assign", here.by, case_id=_find(loaded, id), owner=owner, note=note)
    return perform(loaded, [made], t("已指派", "Assigned"), as_json=here.json)


@app.command(help=t("在经过里记一笔", "Write a note into the timeline"))
def note(
    id: Id,
    text: Annotated[str, Parameter(help=t("写什么", "What"))],
    *,
    here: Terminal = HERE,
) -> int:
    """Write a note."""
    loaded = here.settings()
    made = command("case_note", here.by, case_id=_find(loaded, id), note=text)
    return perform(loaded, [made], t("已记录", "Noted"), as_json=here.json)


def _moving(action: str, zh: str, en: str) -> Callable[..., int]:
    """A step from one state to the next, with words about it."""

    def move(
        id: Id,
        *,
        note: Note = "",
        here: Terminal = HERE,
    ) -> int:
        loaded = here.settings()
        made = command(action, here.by, case_id=_find(loaded, id), note=note)
        return perform(loaded, [made], t(zh, en), as_json=here.json)

    return move


def _ending(action: str, zh: str, en: str) -> Callable[..., int]:
    """A step that says what came of the case."""

    def end(
        id: Id,
        *,
        outcome: Came = "",
        note: Note = "",
        here: Terminal = HERE,
    ) -> int:
        loaded = here.settings()
        made = command(action, here.by, case_id=_find(loaded, id), note=note, outcome=outcome)
        return perform(loaded, [made], t(zh, en), as_json=here.json)

    return end


_STEPS = (
    (
        "listen",
        _moving("case_listen", "已转聆听", "Listening:"),
        "聆听：有人在看",
        "Listening: somebody reads along",
    ),
    (
        "interact",
        _moving("case_interact", "已转互动", "Interacting:"),
        "互动：已回应",
        "Interacting: there is a reply",
    ),
    (
        "resolve",
        _ending("case_resolve", "已化解", "Resolved:"),
        "化解：问题解决",
        "Resolved: the matter is settled",
    ),
    ("close", _ending("case_close", "已结案", "Closed:"), "结案，写明结果", "Close, saying what came of it"),
    ("reopen", _moving("case_reopen", "已重开", "Reopened:"), "重开，重新计时", "Reopen; clocks begin anew"),
)
for _name, _step, _zh, _en in _STEPS:
    app.command(_step, name=_name, help=t(_zh, _en))


@app.command(
    help=t("多快、多少在时限内：中位数、九成位、按时率", "How fast, how many in time: median, p90, share")
)
def report(
    *,
    since: Annotated[
        str, Parameter(help=t("从何时起打开的：30d 或日期", "Opened since when: 30d or a date"))
    ] = "30d",
    until: Annotated[str | None, Parameter(help=t("到何时为止", "Up to when"))] = None,
    by: Annotated[
        Grouped, Parameter(help=t("按什么分：级别、品牌、负责人、规则", "Grouped by what"))
    ] = "severity",
    brand: Annotated[str, Parameter(help=t("只看这个品牌", "Only of this brand"))] = "",
    owner: Annotated[str, Parameter(help=t("只看这个人负责的", "Only those that this person has"))] = "",
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Print how the cases of a window went, and all of them together below."""
    loaded = settings(data, None, clickhouse)
    now = SYSTEM.now()
    begin, end = moment("--since", since, now), moment("--until", until, now) if until else now
    with closing(Reader(reader_url(loaded), connections=2)) as reader:
        groups, every = asyncio.run(_report(reader, begin, end, by=by, brand=brand, owner=owner))
    if json:
        show_json(
            {
                "since": begin,
                "until": end,
                "by": by,
                "groups": [_figures(one) for one in groups],
                "all": _figures(every[0]) if every else None,
            }
        )
        return
    if not every:
        say(t("这段时间没有打开过处置单", "No case was opened in this time"))
        return
    titles = (
        "", t("处置单", "cases"), t("未了结", "open"), t("重开", "reopened"), t("首次回应 中位", "reply median"), "p90",
        t("按时", "in time"), t("化解 中位", "resolve median"), "p90", t("按时", "in time"),
    )  # fmt: skip
    shown = [*groups, *every] if by != "all" else every
    views.table(titles, (_line(one, by) for one in shown))


def _line(one: Report, by: Grouped) -> tuple[Any, ...]:
    name = views.level(one.name) if by == "severity" and one.name else one.name or t("合计", "all")
    return (name, str(one.cases), str(one.open), str(one.reopened), *_pace(one.respond), *_pace(one.resolve))


def _pace(pace: Pace) -> tuple[str, str, str]:
    return (
        "-" if pace.median is None else lasting(pace.median),
        "-" if pace.p90 is None else lasting(pace.p90),
        "-" if pace.inside is None else f"{pace.inside:.0%}",
    )


def _figures(one: Report) -> dict[str, Any]:
    return one._asdict() | {"respond": one.respond._asdict(), "resolve": one.resolve._asdict()}


def left(by: datetime, done: datetime | None, now: float, *, running: bool) -> str:
    """What a clock shows: done in time or late, time left, or overdue."""
    if done is not None:
        late = (done - by).total_seconds()
        return t(f"迟 {lasting(late)}", f"late by {lasting(late)}") if late > 0 else t("按时", "in time")
    left = by.timestamp() - now
    if not running:
        return "-"
    if left < 0:
        return t(f"超时 {lasting(-left)}", f"overdue {lasting(-left)}")
    return t(f"还有 {lasting(left)}", f"{lasting(left)} left")


def _came(came: Outcome | None) -> dict[str, Any] | None:
    if came is None:
        return None
    return came._asdict() | {
        "before": came.before._asdict(),
        "after": came.after._asdict(),
        "change": came.change,
    }


def _told(came: Outcome | None) -> Iterator[str]:
    if came is None:
        return
    yield t(
        f"同一批作者（{came.authors} 人说过负面，{came.both} 人前后都有发言）："
        f"之前 {_said(came.before)}；之后 {_said(came.after)}",
        f"same authors ({came.authors} spoke negatively, {came.both} of them before and after): "
        f"before {_said(came.before)}; after {_said(came.after)}",
    )
    if came.half_life is not None:
        yield t(
            f"负面声量半衰期 {lasting(came.half_life)}",
            f"half-life of the negative volume {lasting(came.half_life)}",
        )


def _said(what: Said) -> str:
    if what.score is None or what.negative is None:
        return t(f"{what.posts} 条（太少，不算均值）", f"{what.posts} posts (too few for a mean)")
    return t(
        f"{what.posts} 条，均分 {what.score:+.2f}，负面 {what.negative:.0%}",
        f"{what.posts} posts, mean {what.score:+.2f}, negative {what.negative:.0%}",
    )


def _state(name: str) -> CaseState:
    return name  # type: ignore[return-value]


def _find(loaded: Settings, begin: str) -> str:
    with closing(Connection(reader_url(loaded))) as connection:
        return find(connection, "case", begin)


async def _whole(
    reader: Reader, case_id: str, now: float
) -> tuple[list[read.Case], list[read.Happening], Outcome | None]:
    rows, happened, one = await asyncio.gather(
        read.cases(reader, case_id=case_id), read.case_timeline(reader, case_id), went.case(reader, case_id)
    )
    assert one is not None
    return rows, happened, await went.outcome(reader, one, now)


async def _report(
    reader: Reader, since: float, until: float, *, by: Grouped, brand: str, owner: str
) -> tuple[list[Report], list[Report]]:
    groups, every = await asyncio.gather(
        went.report(reader, since, until, by=by, brand=brand, owner=owner),
        went.report(reader, since, until, brand=brand, owner=owner),
    )
    return groups, every
