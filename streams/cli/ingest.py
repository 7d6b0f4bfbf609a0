"""koubei ingest: files, standard input or a source into Kafka, with an account of every line."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from streams import sources
from streams.broker.address import Broker, landing_group
from streams.broker.feeder import Feeder
from streams.cli.common import ClickHouse, Data, Json, Kafka, say, settings, show_json
from streams.cli.ingestion import SMALL, Run
from streams.clock import SYSTEM
from streams.errors import BadConfig, BadRecord
from streams.language import t
from streams.sources.base import Config
from streams.sources.replay import Replay
from streams.topics.intake import Intake
from streams.topics.registry import BY_NAME, POSTS


def ingest(
    inputs: Annotated[
        list[str],
        Parameter(
            allow_leading_hyphen=True,
            help=t(
                "文件（JSONL、CSV，可为 .gz），- 为标准输入；或 rss 和地址", "Files, - for stdin; or rss URL…"
            ),
        ),
    ],
    /,
    *,
    topic: Annotated[
        Literal["posts", "shares", "interactions"] | None,
        Parameter(
            help=t("记录的种类（默认看文件名和首行）", "What the records are (by name and first line)")
        ),
    ] = None,
    platform: Annotated[
        str | None, Parameter(help=t("记录里没有平台时用它", "Platform of records that name none"))
    ] = None,
    mapping: Annotated[
        list[str] | None,
        Parameter(
            name="--map", help=t("文件里的列名=字段名，可多次", "column=field, repeatable (--map 内容=text)")
        ),
    ] = None,
    via: Annotated[str, Parameter(help=t("记为从哪里来", "Recorded as where they came from"))] = "file",
    wait: Annotated[
        bool | None,
        Parameter(help=t("等到全部入库并对账（标准输入默认等）", "Wait until all has landed (stdin does)")),
    ] = None,
    rate: Annotated[float | None, Parameter(help=t("每秒最多多少条", "At most so many a second"))] = None,
    bad: Annotated[
        Path | None, Parameter(help=t("把坏行连同原因写进这个文件", "Write bad lines and why to this file"))
    ] = None,
    since: Annotated[
        str | None,
        Parameter(help=t("来源：只要这个时间之后的（ISO 8601）", "Sources: only what is newer (ISO 8601)")),
    ] = None,
    allow_private: Annotated[
        bool, Parameter(negative=(), help=t("来源：允许内网地址", "Sources: allow addresses in this network"))
    ] = False,
    data: Data = None,
    kafka: Kafka = None,
    clickhouse: ClickHouse = None,
    as_json: Json = False,
) -> int:
    """Feed files or a source; exit 65 when any line was bad (the good ones still go in)."""
    if rate is not None and rate <= 0:
        raise BadConfig(t(f"--rate 须大于 0，得到 {rate:g}", f"--rate must be above 0, found {rate:g}"))
    loaded = settings(data, kafka, clickhouse)
    key = loaded.edge.hmac_key.get_secret_value().encode() if loaded.edge.hmac_key else None
    names = dict(sources.ALL)
    from_source = inputs[0] in names and not Path(inputs[0]).exists()
    stdin = not from_source and "-" in inputs
    columns = dict(_pair(one) for one in mapping or ())
    with ExitStack() as stack_:
        out = stack_.enter_context(bad.open("wb")) if bad else None
        files = (
            []
            if from_source
            else [stack_.enter_context(closing(Replay(Path(one), columns))) for one in inputs]
        )
        broker = Broker.of(loaded.kafka)
        feeder = stack_.enter_context(
            Feeder(broker, landing_group(loaded.kafka), keep_runs=wait is True or (wait is None and stdin))
        )
        started = SYSTEM.monotonic()
        run = Run(feeder, out, via=via, key=key, platform=platform, rate=rate, count=wait is not False)
        if from_source:
            config = Config(targets=tuple(inputs[1:]), allow_private=allow_private, hmac_key=key)
            asyncio.run(run.source(inputs[0], config, _moment(since)))
        else:
            with _progress(files, feeder) as tick:
                for file in files:
                    run.file(file, BY_NAME[topic] if topic else None, columns, tick)
        feeder.flush(60.0)
        run.tell()
        sent = sum(feeder.sent.values())
        if sent and (wait or (wait is None and stdin and sent <= SMALL)):
            return run.settle(loaded, broker, started, derived=wait is True, as_json=as_json)
        seconds = SYSTEM.monotonic() - started
        if as_json:
            show_json({**run.account(), "seconds": round(seconds, 3)})
        elif sent:
            print(
                t(
                    f"已发送 {sent:,} 条，{run.bad:,} 行有误（{seconds:.1f} 秒，每秒 {sent / seconds:,.0f} 条）",
                    f"{sent:,} sent, {run.bad:,} bad lines ({seconds:.1f} s, {sent / seconds:,.0f}/s)",
                )
            )
            say(t("下一步：koubei topics lag", "Next: koubei topics lag"))
        return run.code


def _pair(text: str) -> tuple[str, str]:
    name, mark, field = text.partition("=")
    if not mark or not name or not field:
        raise BadConfig(t(f"--map {text}：要写成 列名=字段名", f"--map {text}: write column=field"))
    return name, field


def _moment(text: str | None) -> float | None:
    if text is None:
        return None
    probe = Intake(POSTS, via="")
    item = {"platform": "-", "text": "-", "published": text}
    try:
        return float(probe.record(item, 0.0).published)  # type: ignore[attr-defined]
    except BadRecord as error:
        raise BadConfig(f"--since {text}: {error.detail}") from error


@contextmanager
def _progress(files: list[Replay], feeder: Feeder) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, silence elsewhere; yields what to call now and then."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    sizes = [file.size for file in files]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    begun, shown = SYSTEM.monotonic(), 0.0
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task("", total=total)

        def tick() -> None:
            nonlocal shown
            now = SYSTEM.monotonic()
            if now - shown < 0.2:
                return
            shown, sent = now, sum(feeder.sent.values())
            done = sum(file.position() for file in files)
            speed = sent / max(now - begun, 1e-3)
            text = t(
                f"{sent:,} 条  {speed:,.0f}/秒  待入库 {feeder.lag():,}",
                f"{sent:,}  {speed:,.0f}/s  lag {feeder.lag():,}",
            )
            bar.update(task, completed=done, description=text, refresh=True)

        yield tick
