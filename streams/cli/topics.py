"""koubei topics create|list|lag|schema."""

import json
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from streams.broker import admin, lag
from streams.broker.address import Broker, alerts_group, landing_group
from streams.broker.epoch import is_embedded
from streams.cli.common import Data, DryRun, Json, Kafka, group, say, settings, show_json
from streams.errors import BadConfig, Unsupported
from streams.language import t
from streams.topics.codec import schema as json_schema
from streams.topics.registry import ALERTS, BY_NAME, DAY, LANDED, TOPICS

app = group("topics", "创建、列出 Kafka 主题，查看积压", "Create and list Kafka topics, show lag")


@app.command(help=t("建好缺少的主题", "Make the topics that are missing"))
def create(
    *,
    mend: Annotated[
        bool,
        Parameter(
            help=t(
                "也改正已有主题与声明不同之处（分区只增不减）",
                "Also settle what differs in existing topics (partitions are only added)",
            )
        ),
    ] = False,
    dry_run: DryRun = False,
    data: Data = None,
    kafka: Kafka = None,
    as_json: Json = False,
) -> int:
    """Make the topics that are missing."""
    broker = Broker.of(settings(data, kafka).kafka)
    try:
        done = admin.create(broker, mend=mend, dry_run=dry_run)
    except Unsupported as error:  # the embedded Kafka: what was asked for is already so
        show_json({"created": [], "mended": [], "left": []}) if as_json else say(str(error))
        return 0
    rest = [] if dry_run else admin.differences(broker)
    if as_json:
        show_json(
            {
                "created": [one.topic for one in done if one.what == "missing"],
                "mended": [one._asdict() for one in done if one.what != "missing"],
                "left": [one._asdict() for one in rest],
            }
        )
        return 0
    for one in done:
        if one.what == "missing":
            print(t(f"{one.topic}：建好，{one.needed} 个分区", f"{one.topic}: {one.needed} partitions made"))
        else:
            print(f"{one.topic}: {one.what} {one.found} → {one.needed}")
    if not done:
        print(t("主题都已存在", "All topics exist"))
    _tell(rest)
    say(t("下一步：koubei worker", "Next: koubei worker"))
    return 0


@app.command(
    name="list",
    help=t("列出主题，以及与声明不同之处", "List the topics and what differs from the declared ones"),
)
def list_(*, data: Data = None, kafka: Kafka = None, as_json: Json = False) -> int:
    """Show each topic as it is, and what differs from the declared ones."""
    broker = Broker.of(settings(data, kafka).kafka)
    embedded, known, differing = is_embedded(broker), admin.found(broker), admin.differences(broker)
    if as_json:
        show_json(
            {
                "topics": [one._asdict() for one in known],
                "differences": [one._asdict() for one in differing],
            }
        )
        return 0
    table = Table(box=None, pad_edge=False)
    for title in (t("主题", "topic"), t("分区", "partitions"), t("副本", "copies"), t("保留", "kept")):
        table.add_column(title, justify="left" if title == t("主题", "topic") else "right")
    for topic, one in zip(TOPICS, known, strict=True):
        kept = (
            t("每键最新一条", "newest of each key")
            if topic.retention is None
            else t(f"{topic.retention // DAY} 天", f"{topic.retention // DAY} days")
        )
        table.add_row(
            broker.topic(one.topic),
            str(one.partitions or "-"),
            str(one.replication or "-"),
            kept if not embedded else t("内存，每分区 5 MB", "in memory, 5 MB a partition"),
        )
    Console().print(table)
    _tell(differing)
    return 0


@app.command(
    name="lag",
    help=t(
        "还有多少条没有入库；有丢失时退出码为 1",
        "How many records are not landed yet; exit 1 when some were lost",
    ),
)
def lag_(
    *,
    partitions: Annotated[bool, Parameter(help=t("按分区列出", "One line a partition"))] = False,
    data: Data = None,
    kafka: Kafka = None,
    as_json: Json = False,
) -> int:
    """Show how many records are not landed yet, and whether any were lost; exit 1 when some were."""
    loaded = settings(data, kafka)
    broker = Broker.of(loaded.kafka)
    names = [topic.name for topic in LANDED]
    places = lag.lags(broker, landing_group(loaded.kafka), names)
    places += lag.lags(broker, alerts_group(loaded.kafka), [ALERTS.name])
    names.append(ALERTS.name)
    lost = sum(place.lost for place in places)
    if as_json:
        show_json([place._asdict() for place in places])
        return 1 if lost else 0
    table = Table(box=None, pad_edge=False)
    table.add_column(t("主题", "topic"))
    for title in (t("待入库", "to land"), t("已写入", "written"), t("丢失", "lost")):
        table.add_column(title, justify="right")
    for name in names:
        mine = [place for place in places if place.topic == name]
        rows = [(f"{name}/{one.partition}", [one]) for one in mine] if partitions else [(name, mine)]
        for label, some in rows:
            figures = (
                sum(one.lag for one in some),
                sum(one.end for one in some),
                sum(one.lost for one in some),
            )
            table.add_row(label, *(f"{figure:,}" for figure in figures))
    Console().print(table)
    if lost:
        say(
            t(
                f"{lost:,} 条在入库前已被 Kafka 清除：工作进程太慢或停得太久，请从来源重新导入",
                f"Kafka dropped {lost:,} records before they landed: the workers were too slow or away; "
                "ingest them again",
            )
        )
    return 1 if lost else 0


@app.command(help=t("输出记录的 JSON Schema", "Print the JSON Schema of the records"))
def schema(
    topic: Annotated[
        str | None, Parameter(help=t("posts、shares、interactions 或 dead-letters", "One topic's name"))
    ] = None,
    /,
) -> int:
    """Print the JSON Schema of one topic's records, or of all."""
    if topic is not None and topic not in BY_NAME:
        names = ", ".join(BY_NAME)
        raise BadConfig(t(f"没有主题 {topic}；有 {names}", f"There is no topic {topic}; there are {names}"))
    chosen = [BY_NAME[topic]] if topic else TOPICS
    schemas = {one.name: json_schema(one.struct) for one in chosen}
    print(json.dumps(schemas[topic] if topic else schemas, ensure_ascii=False, indent=2))
    return 0


def _tell(differing: list[admin.Difference]) -> None:
    for one in differing:
        if one.what == "missing":
            say(t(f"！{one.topic} 不存在：{one.remedy}", f"! {one.topic} does not exist: {one.remedy}"))
        else:
            say(
                t(
                    f"！{one.topic} 的 {one.what} 是 {one.found}，应为 {one.needed}：{one.remedy}",
                    f"! {one.topic}: {one.what} is {one.found}, declared {one.needed}: {one.remedy}",
                )
            )
