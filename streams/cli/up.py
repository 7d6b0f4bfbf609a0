"""koubei up: everything on this machine, supervised."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from streams import config, language
from streams.cli.common import ClickHouse, Data, Json, Kafka, own_flags, say, show_json
from streams.embedded import logs
from streams.embedded.detach import Outcome, detach
from streams.embedded.plan import PARTS, Feed, Plan, plan
from streams.embedded.stack import refuse_second, serve, summary
from streams.embedded.state import Running
from streams.embedded.supervisor import StartFailed
from streams.errors import BadConfig, KoubeiError
from streams.language import t


def _port(name: str, zh: str, en: str) -> Parameter:
    return Parameter(name=name, help=t(zh, en))


def up(
    *,
    demo: Annotated[
        bool,
        Parameter(
            help=t(
                "播放演示：一次新品发布和随后的投诉危机", "Play the demo: a launch and a complaint crisis"
            ),
        ),
    ] = False,
    ingest: Annotated[
        tuple[Path, ...],
        Parameter(
            consume_multiple=True,
            help=t("启动后导入这些文件（JSONL、CSV，可 .gz）", "Feed these files (JSONL, CSV, also .gz)"),
        ),
    ] = (),
    workers: Annotated[int | None, Parameter(help=t("处理进程数", "How many workers"))] = None,
    only: Annotated[
        str | None,
        Parameter(
            help=t(f"只启动这几部分，逗号分隔：{','.join(PARTS)}", f"Only these, by comma: {','.join(PARTS)}")
        ),
    ] = None,
    detach_: Annotated[
        bool,
        Parameter(
            name="--detach",
            help=t("就绪后转入后台（koubei down 停止）", "Go on in the background (koubei down ends it)"),
        ),
    ] = False,
    json: Json = False,
    data: Data = None,
    port: Annotated[
        int | None, _port("--port", "页面端口，0 = 自动", "Port of the page, 0 = a free one")
    ] = None,
    kafka: Kafka = None,
    clickhouse: ClickHouse = None,
    kafka_port: Annotated[
        int | None, _port("--kafka-port", "内置 Kafka 的端口", "Port of the embedded Kafka")
    ] = None,
    clickhouse_port: Annotated[
        int | None,
        _port("--clickhouse-port", "内置 ClickHouse 的端口", "Native port of the embedded ClickHouse"),
    ] = None,
    clickhouse_http_port: Annotated[
        int | None,
        _port(
            "--clickhouse-http-port", "内置 ClickHouse 的 HTTP 端口", "HTTP port of the embedded ClickHouse"
        ),
    ] = None,
) -> int:
    """Start the stack and stay until Ctrl-C, or in the background."""
    embedded = {
        "workers": workers,
        "kafka_port": kafka_port,
        "clickhouse_port": clickhouse_port,
        "clickhouse_http_port": clickhouse_http_port,
    }
    rooms = {"embedded": embedded, "web": {"port": port}}
    settings = config.load(**own_flags(data, kafka, clickhouse, rooms))
    language.use(settings.language)
    refuse_second(settings.embedded.data)
    feed = Feed(demo=demo, files=tuple(_existing(file) for file in ingest))
    parts = frozenset(part.strip() for part in only.split(",") if part.strip()) if only else frozenset()
    made = plan(settings, only=parts, feed=feed)
    if detach_:
        for note in made.notes:
            say(note)
        return _background(made, as_json=json)
    return _foreground(made, as_json=json)


def _existing(file: Path) -> Path:
    if file.is_dir():
        raise BadConfig(
            t(f"{file} 是目录，请给出文件：{file}/*.jsonl", f"{file} is a folder; name files: {file}/*.jsonl")
        )
    if not file.is_file():
        raise BadConfig(t(f"没有文件 {file}", f"There is no file {file}"))
    return file.absolute()


def _foreground(made: Plan, *, as_json: bool) -> int:
    def announce(known: Running) -> None:
        if as_json:
            show_json(summary(known, made))
        else:
            print(ready_line(known, made, t("Ctrl-C 停止", "Ctrl-C ends it")))
        sys.stdout.flush()

    try:
        asyncio.run(serve(made, announce, sys.stderr))
    except StartFailed as error:
        say(str(error))
        return error.code
    return 0


def _background(made: Plan, *, as_json: bool) -> int:
    end = t(f"koubei down --data {made.data} 停止", f"koubei down --data {made.data} ends it")

    def run(report: Outcome) -> None:
        try:
            asyncio.run(serve(made, lambda known: report.ready(told(known))))
        except StartFailed as error:
            report.failed(f"{error}\n{t('日志', 'Log')}: {logs.path(made.data)}", error.code)
        except KoubeiError as error:
            report.failed(str(error), error.exit_code)

    def told(known: Running) -> dict[str, object]:
        return {"line": ready_line(known, made, end), "summary": summary(known, made)}

    outcome = detach(run, output=logs.path(made.data).with_name("detached.log"))
    if outcome.said is None:
        say(outcome.error)
        return outcome.code
    if as_json:
        show_json(outcome.said["summary"])
    else:
        print(outcome.said["line"])
    return 0


def ready_line(known: Running, made: Plan, end: str) -> str:
    """The one line on stdout that says where everything is."""
    page = known.page
    if page and made.settings.web.exposed:
        page = f"{page}/?token={known.token}"
    place = page or t(
        f"Kafka {known.kafka}，ClickHouse {known.clickhouse_http or '-'}",
        f"Kafka {known.kafka}, ClickHouse {known.clickhouse_http or '-'}",
    )
    if made.feed.demo:
        feed = t("演示数据，", "demo data, ")
    elif made.feed.files:
        names = ", ".join(file.name for file in made.feed.files)
        feed = t(f"正在导入 {names}，", f"feeding {names}, ")
    else:
        feed = ""
    return t(f"就绪 {place} （{feed}{end}）", f"Ready {place} ({feed}{end})")
