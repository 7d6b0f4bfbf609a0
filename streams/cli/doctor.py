"""koubei doctor: look at everything koubei stands on; each finding comes with a command."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cyclopts import Parameter

from streams.cli.common import ClickHouse, Data, Json, Kafka, reader_url, settings, show_json
from streams.cli.common import stack as running_stack
from streams.config import Settings, shipped
from streams.embedded import machine
from streams.embedded.clickhouse import explain_exit
from streams.embedded.plan import DISK, MEGABYTE, MEMORY
from streams.errors import BadConfig, KoubeiError
from streams.language import t

SKEW = 1.0
"""Seconds that two clocks may differ before latencies become nonsense."""

SHOWN = 5
"""Mistakes in lexicons that are listed; the command beside them lists all."""

CHECK = "koubei rules check"

PATIENCE = 2.0
"""Seconds in which a notifier gets on with what waits for it."""

ROBOTS = ("dingtalk", "wecom", "feishu")
"""Kinds of channels that notify people by name."""

CJK = (
    "NotoSansCJK",
    "wqy",
    "SourceHan",
    "simsun",
    "simhei",
    "msyh",
    "PingFang",
    "uming",
    "ukai",
    "DroidSansFallback",
)
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")


class Finding(NamedTuple):
    """One thing looked at.

    Attributes:
        name: which check it belongs to.
        ok: whether it is as it should be.
        text: what was found, against what is needed.
        remedy: the command that mends it; "" when there is nothing to mend.
    """

    name: str
    ok: bool
    text: str
    remedy: str = ""


def doctor(
    *,
    only: Annotated[str | None, Parameter(help=t("只做这一项检查", "Only this check"))] = None,
    json: Json = False,
    data: Data = None,
    kafka: Kafka = None,
    clickhouse: ClickHouse = None,
) -> int:
    """Print a line for each check; ends with 1 when something is to be mended."""
    loaded = settings(data, kafka, clickhouse)
    if only is not None and only not in CHECKS:
        raise BadConfig(
            t(
                f"没有检查 {only}，可用：{'、'.join(CHECKS)}",
                f"There is no check {only}; there are: {', '.join(CHECKS)}",
            )
        )
    found = []
    for name, check in CHECKS.items():
        if only not in (None, name):
            continue
        for ok, text, remedy in _tried(check, loaded):
            finding = Finding(name, ok, text, remedy)
            found.append(finding)
            if not json:
                _show(finding)
    if json:
        show_json([finding._asdict() for finding in found])
    return 0 if all(finding.ok for finding in found) else 1


Seen = tuple[bool, str, str]
Check = Callable[[Settings], Iterator[Seen]]


def _tried(check: Check, loaded: Settings) -> Iterator[Seen]:
    """What a check sees; a server that does not answer is a finding, not the end of the list."""
    try:
        yield from check(loaded)
    except KoubeiError as error:
        yield False, str(error), "koubei status"


def _show(finding: Finding) -> None:
    mark = "✓" if finding.ok else "！"
    print(f"{mark} {finding.name:<11} {finding.text}", flush=True)
    if finding.remedy:
        print(f"{'':<14}→ {finding.remedy}", flush=True)


def _python(_: Settings) -> Iterator[Seen]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    ok = (3, 11) <= sys.version_info[:2] < (3, 14)
    yield ok, f"Python {version}", "" if ok else "uv tool install --python 3.12 koubei"


def _memory(loaded: Settings) -> Iterator[Seen]:
    stack = running_stack(loaded)
    needed = 0 if stack else sum(MEMORY.values())
    found = machine.memory_available()
    if found is None:
        yield True, t("可用内存未知（不是 Linux）", "memory available is not known (not Linux)"), ""
        return
    ok = found >= needed * MEGABYTE
    text = t(
        f"可用内存 {found // MEGABYTE} MB" + (f"，演示需要 {needed} MB" if needed else ""),
        f"{found // MEGABYTE} MB of memory free" + (f", the demo needs {needed} MB" if needed else ""),
    )
    yield ok, text, "" if ok else "koubei up --only kafka,clickhouse"


def _disk(loaded: Settings) -> Iterator[Seen]:
    folder = loaded.embedded.data
    free = machine.disk_free(folder) // MEGABYTE
    ok = free >= DISK
    text = t(
        f"{folder} 可用磁盘 {free} MB，至少 {DISK} MB",
        f"{free} MB of disk free at {folder}, {DISK} MB at least",
    )
    yield ok, text, "" if ok else "koubei up --data …"


def _ports(loaded: Settings) -> Iterator[Seen]:
    stack = running_stack(loaded)
    if stack and stack.page:
        yield True, t(f"页面在 {stack.page}", f"The page is at {stack.page}"), ""
        return
    port = loaded.web.port
    if not port or machine.is_free(port, loaded.web.host):
        yield True, t(f"端口 {port} 空闲", f"Port {port} is free"), ""
        return
    who = machine.holder(port)
    name = f"{who.name}（pid {who.pid}）" if who else t("另一个程序", "another program")
    other = machine.free_port(port + 1, loaded.web.host)
    yield (
        False,
        t(f"端口 {port} 被 {name} 占用", f"Port {port} is taken by {name}"),
        f"koubei up --port {other}",
    )


def _fonts(_: Settings) -> Iterator[Seen]:
    names = (
        file
        for folder in FONT_FOLDERS
        for _, _, files in os.walk(os.path.expanduser(folder))
        for file in files
        if file.lower().startswith(tuple(name.lower() for name in CJK))
    )
    found = next(names, None)
    if found or sys.platform != "linux":
        yield True, t(f"中文字体 {found or '系统自带'}", f"Chinese font {found or 'of the system'}"), ""
        return
    yield (
        False,
        t("没有中文字体：截图和报告会显示成方框", "No Chinese font: screenshots and reports will show boxes"),
        "apt-get install fonts-wqy-microhei",
    )


def _timezone(loaded: Settings) -> Iterator[Seen]:
    try:
        now = datetime.now(ZoneInfo(loaded.timezone))
    except (ZoneInfoNotFoundError, ValueError):
        text = t(f"没有时区 {loaded.timezone}", f"There is no time zone {loaded.timezone}")
        yield False, text, "apt-get install tzdata"
        return
    yield True, f"{loaded.timezone} {now:%Y-%m-%d %H:%M:%S}", ""


def _calendar(loaded: Settings) -> Iterator[Seen]:
    """Whether 调休 is known this year, and from December on the next."""
    from streams.notify.oncall import calendar

    known = calendar(loaded).arranged
    today = datetime.now(ZoneInfo(loaded.timezone)).date()
    needed = [today.year, today.year + 1] if today.month == 12 else [today.year]
    for year in needed:
        file = (loaded.text.lexicons or Path("lexicons")) / "calendar" / f"{year}.toml"
        if year in known:
            yield True, t(f"{year} 年节假日和调休齐全", f"Holidays and 调休 of {year} are known"), ""
            continue
        text = t(
            f"{year} 年调休不详，按周一至周五推算；可写进 {file}（docs/oncall.md）",
            f"调休 of {year} is not known: taken as Monday to Friday; it may go into {file} (docs/oncall.md)",
        )
        yield False, text, "uv tool upgrade koubei"


def _oncall(loaded: Settings) -> Iterator[Seen]:
    """Whether whoever is called by name can be: each platform knows people by an id of its own."""
    robots = [name for name, channel in loaded.channels.items() if channel.kind in ROBOTS]
    called = {person for rota in loaded.rotas.values() for person in rota.people}
    called |= {person for team in loaded.teams.values() for level in team.levels for person in level.people}
    for name in sorted(called):
        if robots and not any(loaded.people[name].model_dump(exclude={"name"}).values()):
            text = t(
                f"{name} 没有手机号，也没有平台编号：群里点名不会提醒到，写进 [people.{name}]",
                f"{name} has neither mobile number nor ids: a mention notifies nobody; see [people.{name}]",
            )
            yield False, text, "koubei oncall now"
    if loaded.rotas or loaded.teams:
        yield True, t(f"{len(loaded.rotas)} 张值班表", f"{len(loaded.rotas)} rotas"), ""


def _engine(_: Settings) -> Iterator[Seen]:
    """In a child process: on some processors the engine dies of an illegal instruction."""
    code = "import chdb; print(chdb.query('SELECT version()', 'TSV'), end='')"
    try:
        tried = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
        )
    except subprocess.TimeoutExpired:
        text = t(
            "内置 ClickHouse 引擎 60 秒没有启动", "The embedded ClickHouse engine did not start within 60 s"
        )
        yield False, text, "koubei up --clickhouse clickhouse://…"
        return
    if tried.returncode == 0:
        version = tried.stdout.strip()
        yield True, t(f"内置 ClickHouse 引擎 {version} 能启动", f"The embedded engine {version} starts"), ""
    elif "ModuleNotFoundError" in tried.stderr:
        text = t("没有安装内置 ClickHouse 引擎", "The embedded ClickHouse engine is not installed")
        yield False, text, 'pip install "koubei[embedded]"'
    elif tried.returncode < 0:
        yield False, explain_exit(tried.returncode), "koubei up --clickhouse clickhouse://…"
    else:
        last = (tried.stderr.strip().splitlines() or [""])[-1]
        text = t(f"内置 ClickHouse 引擎不能启动：{last}", f"The embedded engine does not start: {last}")
        yield False, text, 'pip install --force-reinstall "koubei[embedded]"'


def _kafka(loaded: Settings) -> Iterator[Seen]:
    from streams.broker.address import Broker
    from streams.broker.epoch import epoch_ids
    from streams.topics.registry import TOPICS

    if not _somewhere(loaded, "kafka"):
        yield (
            True,
            t("还没有启动，koubei up 会启动内置的", "Not started; koubei up starts the embedded one"),
            "",
        )
        return
    names = [topic.name for topic in TOPICS]
    known = epoch_ids(Broker.of(loaded.kafka), names)
    missing = [name for name in names if name not in known]
    if missing:
        text = t(
            f"{loaded.kafka.bootstrap} 缺少主题 {'、'.join(missing)}",
            f"{loaded.kafka.bootstrap} lacks the topics {', '.join(missing)}",
        )
        yield False, text, "koubei topics create"
        return
    yield True, t(f"{loaded.kafka.bootstrap}，主题齐全", f"{loaded.kafka.bootstrap}, all topics exist"), ""


def _lag(loaded: Settings) -> Iterator[Seen]:
    from streams.broker.address import Broker, alerts_group, landing_group
    from streams.broker.lag import lags
    from streams.topics.registry import ALERTS, EVENTS

    if not _somewhere(loaded, "kafka"):
        return
    found = lags(Broker.of(loaded.kafka), landing_group(loaded.kafka), [topic.name for topic in EVENTS])
    lag, lost = sum(one.lag for one in found), sum(one.lost for one in found)
    if lost:
        text = t(
            f"{lost} 条在读到之前被 Kafka 清掉了",
            f"{lost} records were dropped by Kafka before they were read",
        )
        yield False, text, "koubei topics lag"
    else:
        yield True, t(f"积压 {lag} 条", f"{lag} records behind"), ""

    def waiting() -> tuple[int, int]:
        found = lags(Broker.of(loaded.kafka), alerts_group(loaded.kafka), [ALERTS.name])
        return sum(one.lag for one in found), sum(one.committed or 0 for one in found)

    behind, done = waiting()
    if behind:
        time.sleep(PATIENCE)
        ok = waiting()[1] > done
    else:
        ok = True
    text = t(f"{behind} 条告警记录等通知进程处理", f"{behind} records wait for the notifier")
    yield ok, text, "" if ok else "koubei notifier"


def _clickhouse(loaded: Settings) -> Iterator[Seen]:
    from streams.store.client import Connection
    from streams.store.migrate import available, current

    if not _somewhere(loaded, "clickhouse"):
        yield (
            True,
            t("还没有启动，koubei up 会启动内置的", "Not started; koubei up starts the embedded one"),
            "",
        )
        return
    connection = Connection(reader_url(loaded), timeout=10.0)
    try:
        version = connection.query("SELECT version()").rows[0][0]
        done, known = current(connection), available()[-1].number
    finally:
        connection.close()
    where = f"{connection.address.host}:{connection.address.port}"
    text = t(
        f"{where} 版本 {version}，表结构 {done}/{known}", f"{where} version {version}, schema {done}/{known}"
    )
    yield done == known, text, "" if done == known else "koubei migrate"


def _clock(loaded: Settings) -> Iterator[Seen]:
    """Against ClickHouse's clock, and Kafka's as far as the newest rows tell of it."""
    from streams.store.client import Connection

    if not _somewhere(loaded, "clickhouse"):
        return
    connection = Connection(reader_url(loaded), timeout=10.0)
    try:
        began = datetime.now(UTC)
        there = connection.query("SELECT now64(3, 'UTC')").rows[0][0]
        ahead = connection.query(
            "SELECT max(dateDiff('millisecond', landed_at, appended_at)) / 1000 "
            "FROM posts WHERE landed_at > now() - INTERVAL 10 MINUTE"
        ).rows[0][0]
    finally:
        connection.close()
    middle = began + (datetime.now(UTC) - began) / 2
    for name, skew in (
        ("ClickHouse", abs((there.replace(tzinfo=UTC) - middle).total_seconds())),
        ("Kafka", max(0.0, float(ahead or 0.0))),
    ):
        ok = skew <= SKEW
        text = t(f"与 {name} 的时钟相差 {skew:.1f} 秒", f"{skew:.1f} s from the clock of {name}")
        yield ok, text, "" if ok else "timedatectl set-ntp true"


def _lexicons(loaded: Settings) -> Iterator[Seen]:
    """The files as they are here, then what workers said of theirs."""
    from streams.text.lexicons import check

    own = loaded.text.lexicons
    folders = (shipped("lexicons"), own) if own else (shipped("lexicons"),)
    mistakes = [str(problem) for problem in check(*folders) if problem.severity == "error"]
    for mistake in mistakes[:SHOWN]:
        yield False, mistake, CHECK
    if (more := len(mistakes) - SHOWN) > 0:
        yield False, t(f"另有 {more} 处错误", f"{more} more mistakes"), CHECK
    if not mistakes:
        places = "、".join(str(folder) for folder in folders)
        yield True, t(f"词典和品牌没有错误：{places}", f"No mistake in lexicons and brands: {places}"), ""
    yield from _outdated(loaded, "lexicons")


def _rules(loaded: Settings) -> Iterator[Seen]:
    found = list(_outdated(loaded, "rules"))
    yield from found
    if not found and _somewhere(loaded, "clickhouse"):
        yield True, t("规则都载入了", "All rules are loaded"), ""


def _outdated(loaded: Settings, what: str) -> Iterator[Seen]:
    """What workers could not load anew and go on without."""
    from streams.read.state import OUTDATED, Outdated
    from streams.store.client import Connection

    if not _somewhere(loaded, "clickhouse"):
        return
    connection = Connection(reader_url(loaded), timeout=10.0)
    try:
        found = [Outdated(*row) for row in connection.query(OUTDATED).rows]
    finally:
        connection.close()
    for one in found:
        if one.what != what:
            continue
        workers, kept = "、".join(one.workers), f" {one.version}" if one.version else ""
        for fault in one.error.splitlines():
            text = t(
                f"{fault}（{workers} 没有载入，仍用旧版本{kept}）",
                f"{fault} ({workers} could not load it; the version before{kept} stays in use)",
            )
            yield False, text, CHECK


def _privacy(loaded: Settings) -> Iterator[Seen]:
    if loaded.edge.hmac_key:
        yield True, t("用户编号以 HMAC 化名保存", "User ids are stored as keyed hashes"), ""
        return
    yield (
        False,
        t(
            "没有设置化名密钥，用户编号按原样保存",
            "No key for keyed hashes is set: user ids are stored as they are",
        ),
        # Into the file: a key that lives in one shell only would give each user a new name in the next.
        "printf '[edge]\\nhmac_key = \"%s\"\\n' $(openssl rand -hex 32) >> koubei.toml",
    )


def _somewhere(loaded: Settings, part: str) -> bool:
    """Whether there is an address to look at: set by somebody, or of a running stack."""
    fields = loaded.kafka.model_fields_set if part == "kafka" else loaded.store.model_fields_set
    return ("bootstrap" if part == "kafka" else "url") in fields


CHECKS: dict[str, Check] = {
    "python": _python,
    "memory": _memory,
    "disk": _disk,
    "ports": _ports,
    "fonts": _fonts,
    "timezone": _timezone,
    "calendar": _calendar,
    "oncall": _oncall,
    "engine": _engine,
    "kafka": _kafka,
    "clickhouse": _clickhouse,
    "lag": _lag,
    "clock": _clock,
    "lexicons": _lexicons,
    "rules": _rules,
    "privacy": _privacy,
}
