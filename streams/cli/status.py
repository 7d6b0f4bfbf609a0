"""koubei status: what runs, where, how far behind."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from streams.cli.common import Data, Json, reader_url, say, settings, show_json
from streams.clock import SYSTEM
from streams.config import Settings
from streams.embedded import logs, state
from streams.embedded.state import Running
from streams.errors import KoubeiError
from streams.language import t

STATES = {
    "waiting": ("等待", "waiting"),
    "starting": ("启动中", "starting"),
    "running": ("运行", "running"),
    "restarting": ("重启中", "restarting"),
    "tripped": ("已停下，等 koubei worker resume", "tripped, waits for koubei worker resume"),
    "done": ("完成", "done"),
    "failed": ("失败", "failed"),
    "stopped": ("已停止", "stopped"),
}


def status(
    *,
    json: Json = False,
    show: Annotated[
        Literal["token", "reader"] | None,
        Parameter(
            help=t(
                "只打印一项机密：token 接口令牌，reader 只读账号的地址",
                "Print one secret and nothing else: token of the API, address of the reader account",
            )
        ),
    ] = None,
    data: Data = None,
) -> int:
    """Print the state of every process; ends with 69 when nothing runs."""
    loaded = settings(data)
    stack = state.running(loaded.embedded.data)
    if stack is None:
        where = loaded.embedded.data
        if json:
            show_json({"running": False, "processes": []})
        say(
            t(
                f"{where} 上没有正在运行的系统。启动：koubei up",
                f"No stack runs on {where}. Start one: koubei up",
            )
        )
        return 69
    if show is not None:
        print((stack.token if show == "token" else stack.clickhouse_reader) or "")
        return 0
    report = describe(stack, loaded)
    if json:
        show_json(report)
    else:
        _print(report)
        if any(part.state in ("failed", "tripped") for part in stack.parts):
            say(t("原因见 ", "Why: ") + str(logs.path(loaded.embedded.data)))
    return 0


def describe(stack: Running, loaded: Settings) -> dict[str, Any]:
    """The object that `koubei status --json` prints."""
    now = SYSTEM.now()
    return {
        "running": True,
        "pid": stack.pid,
        "uptime": round(now - stack.started, 1),
        "demo": stack.demo,
        "kafka": stack.kafka,
        "clickhouse": (stack.clickhouse or "").rpartition("@")[2] or None,
        "clickhouse_http": stack.clickhouse_http,
        "web": stack.page,
        "processes": [
            {
                "name": part.name,
                "pid": part.pid,
                "state": part.state,
                "uptime": round(now - part.since, 1) if part.state == "running" else None,
                "restarts": part.restarts,
                "exit": part.exit,
                "metrics": f"http://127.0.0.1:{part.metrics}/metrics" if part.metrics else None,
            }
            for part in stack.parts
        ],
        "lag": _answer(lambda: lag(loaded)),
        "rows": _answer(lambda: rows(loaded)),
    }


def lag(loaded: Settings) -> dict[str, int]:
    """Records not landed yet, by topic."""
    from streams.broker.address import Broker, landing_group
    from streams.broker.lag import lags
    from streams.topics.registry import EVENTS

    total = dict.fromkeys((topic.name for topic in EVENTS), 0)
    for one in lags(Broker.of(loaded.kafka), landing_group(loaded.kafka), total):
        total[one.topic] += one.lag
    return total


def rows(loaded: Settings) -> dict[str, int]:
    """Rows by table, versions that a merge has not removed yet included."""
    from streams.store.client import Connection

    connection = Connection(reader_url(loaded), timeout=5.0)
    try:
        found = connection.query(
            "SELECT name, total_rows FROM system.tables WHERE database = currentDatabase() "
            "AND name IN ('posts', 'shares', 'interactions', 'dead_letters')"
        )
    finally:
        connection.close()
    return {name: int(count or 0) for name, count in sorted(found.rows)}


def _answer(ask: Callable[[], dict[str, int]]) -> dict[str, int] | dict[str, str]:
    """The answer, or why there is none: a status must not fail because one server does."""
    try:
        return ask()
    except KoubeiError as error:
        return {"error": str(error)}


def _print(report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in (t("进程", "process"), "pid", t("状态", "state")):
        table.add_column(title)
    for title in (t("运行时间", "uptime"), t("重启", "restarts")):
        table.add_column(title, justify="right")
    for part in report["processes"]:
        uptime = "" if part["uptime"] is None else duration(part["uptime"])
        told = t(*STATES[part["state"]])
        if part["state"] == "failed":
            told += t(f"（退出码 {part['exit']}）", f" (exit code {part['exit']})")
        table.add_row(part["name"], str(part["pid"] or ""), told, uptime, str(part["restarts"]))
    console = Console(highlight=False)
    console.print(table)
    for title, key in (
        (t("页面", "page"), "web"),
        ("Kafka", "kafka"),
        ("ClickHouse", "clickhouse"),
        ("ClickHouse HTTP", "clickhouse_http"),
    ):
        if report[key]:
            print(f"{title:<16}{report[key]}")
    for title, key in ((t("积压", "lag"), "lag"), (t("行数", "rows"), "rows")):
        print(f"{title}  " + "  ".join(f"{name} {value}" for name, value in report[key].items()))


def duration(seconds: float) -> str:
    """Seconds as a person reads them: 42s, 3m05s, 2h07m, 3d04h."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86_400}d{whole % 86_400 // 3600:02d}h"
