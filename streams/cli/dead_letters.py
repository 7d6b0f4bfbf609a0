"""koubei dead-letters: the records that could not be landed, kept whole."""

import getpass
import sys
from collections import defaultdict
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from streams.cli.common import (
    ClickHouse,
    Data,
    DryRun,
    Json,
    Kafka,
    Yes,
    confirm,
    group,
    reader_url,
    say,
    settings,
    show_json,
    writer_url,
)
from streams.cli.tables import Rows, write
from streams.config import Settings
from streams.errors import BadConfig
from streams.language import t
from streams.store.client import Connection
from streams.topics.registry import BY_NAME, EVENTS

app = group(
    "dead-letters",
    "查看、重放或丢弃处理不了的记录",
    "List, replay or drop the records that could not be processed",
)

Topic = Annotated[
    str | None, Parameter(help=t("只看这个主题的：posts、shares 或 interactions", "Only those of this topic"))
]
Reason = Annotated[
    str | None, Parameter(help=t("只看这类原因的，如 not_json、invalid", "Only with this reason"))
]
Limit = Annotated[int, Parameter(help=t("最多多少条", "At most so many"))]
State = Literal["open", "replayed", "dropped", "all"]

# What identifies a dead letter, and everything that a new version of its row takes over.
KEPT = (
    "topic, epoch, partition, offset, key, value, size, reason, detail, stage, koubei, appended_at, failed_at, "
    "src_topic, src_epoch, src_partition, src_offset"
)
CHOSEN = (
    "FROM dead_letters_latest WHERE ({state:String} = 'all' OR state = {state:String}) "
    "AND ({topic:String} = '' OR topic = {topic:String}) AND ({reason:String} = '' OR reason = {reason:String}) "
    "ORDER BY failed_at DESC, topic, partition, offset LIMIT {limit:UInt64}"
)
# A semi-colon free, bound statement; the columns are the constants above.
LIST = (
    "SELECT failed_at, topic, partition, offset, reason, detail, stage, state, size, "
    f"substringUTF8(toValidUTF8(value), 1, 200) AS beginning {CHOSEN}"
)
FETCH = f"SELECT topic, epoch, partition, offset, key, value, size {CHOSEN}"  # noqa: S608
MARK = (
    f"INSERT INTO dead_letters ({KEPT}, state, actor) SELECT {KEPT}, {{state:String}}, {{actor:String}} "  # noqa: S608
    "FROM dead_letters_latest WHERE topic = {topic:String} AND epoch = {epoch:UInt32} "
    "AND partition = {partition:UInt16} AND has({offsets:Array(UInt64)}, offset)"
)


@app.command(name="list", help=t("列出，最新的在前", "List them, newest first"))
def list_(
    *,
    topic: Topic = None,
    reason: Reason = None,
    state: Annotated[State, Parameter(help=t("处理状态", "What became of them"))] = "open",
    limit: Limit = 50,
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Print the dead letters."""
    loaded = settings(data, None, clickhouse)
    connection = Connection(reader_url(loaded))
    try:
        found = connection.query(LIST, _choice(topic, reason, state, limit))
    finally:
        connection.close()
    if not json and not found.rows:
        say(t("没有死信", "There are no dead letters"))
        return
    write(Rows(found.columns, iter(found.rows)), "json" if json else "table", loaded.timezone, sys.stdout)
    if not json:
        say(
            t(
                "修好原因后重放：koubei dead-letters replay；不要了：koubei dead-letters drop",
                "Replay when the cause is mended: koubei dead-letters replay; or koubei dead-letters drop",
            )
        )


@app.command(help=t("把原始字节重新送回原主题", "Send the original bytes to their topic again"))
def replay(
    *,
    topic: Topic = None,
    reason: Reason = None,
    limit: Limit = 10_000,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: Json = False,
    data: Data = None,
    kafka: Kafka = None,
    clickhouse: ClickHouse = None,
) -> int:
    """Send, wait until Kafka has them, then mark them replayed: a crash in between repeats, never loses."""
    loaded = settings(data, kafka, clickhouse)
    connection = Connection(writer_url(loaded))
    try:
        letters = connection.query(FETCH, _choice(topic, reason, "open", limit)).dicts()
        whole = [letter for letter in letters if len(_bytes(letter["value"])) == letter["size"]]
        cut = len(letters) - len(whole)
        if cut:
            say(
                t(
                    f"{cut} 条超长，只留下了开头，无法重放",
                    f"{cut} were too long to keep whole and cannot be replayed",
                )
            )
        if whole and not dry_run:
            confirm(t(f"重放 {len(whole)} 条？", f"Replay {len(whole)}?"), yes=yes)
            _send(loaded, whole)
            _mark(connection, whole, "replayed")
    finally:
        connection.close()
    _report("replayed", t("重放", "replayed"), len(whole), cut, dry_run=dry_run, as_json=json)
    return 65 if cut else 0


@app.command(help=t("标记为不要了（仍留在表里备查）", "Mark them as given up; they stay in the table"))
def drop(
    *,
    topic: Topic = None,
    reason: Reason = None,
    limit: Limit = 10_000,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Mark dead letters as dropped."""
    connection = Connection(writer_url(settings(data, None, clickhouse)))
    try:
        letters = connection.query(FETCH, _choice(topic, reason, "open", limit)).dicts()
        if letters and not dry_run:
            confirm(t(f"丢弃 {len(letters)} 条？", f"Drop {len(letters)}?"), yes=yes)
            _mark(connection, letters, "dropped")
    finally:
        connection.close()
    _report("dropped", t("丢弃", "dropped"), len(letters), 0, dry_run=dry_run, as_json=json)


def _choice(topic: str | None, reason: str | None, state: str, limit: int) -> dict[str, Any]:
    names = [event.name for event in EVENTS]
    if topic and topic not in names:
        raise BadConfig(
            t(f"没有主题 {topic}，可用：{'、'.join(names)}", f"No topic {topic}; there are {names}")
        )
    return {"topic": topic or "", "reason": reason or "", "state": state, "limit": limit}


def _send(loaded: Settings, letters: Iterable[dict[str, Any]]) -> None:
    from streams.broker.address import Broker, landing_group
    from streams.broker.feeder import Feeder

    with Feeder(Broker.of(loaded.kafka), landing_group(loaded.kafka)) as feeder:
        for letter in letters:
            feeder.send(BY_NAME[letter["topic"]], _bytes(letter["key"]), _bytes(letter["value"]))
        feeder.flush(60.0)


def _mark(connection: Connection, letters: Iterable[dict[str, Any]], state: str) -> None:
    offsets: dict[tuple[str, int, int], list[int]] = defaultdict(list)
    for letter in letters:
        offsets[letter["topic"], letter["epoch"], letter["partition"]].append(letter["offset"])
    for (topic, epoch, partition), found in offsets.items():
        place = {"topic": topic, "epoch": epoch, "partition": partition, "offsets": found}
        connection.execute(MARK, {**place, "state": state, "actor": getpass.getuser()})


def _bytes(value: str | bytes) -> bytes:
    """The driver gives text where the bytes are UTF-8, and bytes where they are not."""
    return value if isinstance(value, bytes) else value.encode()


def _report(key: str, word: str, count: int, cut: int, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        show_json({key: 0 if dry_run else count, "would": count if dry_run else 0, "cut": cut})
    elif dry_run:
        print(t(f"会{word} {count} 条", f"{count} would be {word}"))
    else:
        print(t(f"已{word} {count} 条", f"{count} {word}"))
