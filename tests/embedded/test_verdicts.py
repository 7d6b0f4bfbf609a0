"""What rules match, from Kafka through a lane to the topic `alerts`, and again from stored rows."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition

from streams.rules.rule import Rule
from streams.store import hits, rules
from streams.store.client import Connection
from streams.store.rules import Change
from streams.store.tables import POSTS
from streams.topics.alert import Verdict
from tests import servers
from tests.feeding import Feed

pytestmark = [pytest.mark.embedded, pytest.mark.slow]

WORD = "暗号甲"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    with servers.clickhouse(tmp_path_factory.mktemp("verdicts")) as server:
        yield server


def matching(feed: Feed) -> Feed:
    """Every third post of it matches; every ninth is of an author whom many read."""

    def post(n: int) -> bytes:
        body = {
            "platform": "微博",
            "post_id": f"{feed.name}-{n}",
            "text": f"{WORD} {n}" if n % 3 == 0 else f"今天天气不错 {n}",
            "published": time.time(),
            "author": {"id": f"u{n}", "followers": 50_000 if n % 9 == 0 else 10},
        }
        return json.dumps(body, ensure_ascii=False).encode()

    feed.post = post  # type: ignore[method-assign]
    return feed


def verdicts(bootstrap: str) -> list[Verdict]:
    """Everything on the topic."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "look", "enable.auto.commit": False})
    place = TopicPartition("alerts", 0, 0)
    consumer.assign([place])
    _, high = consumer.get_watermark_offsets(place, timeout=10)
    found: list[Verdict] = []
    deadline = time.monotonic() + 30
    while len(found) < high:
        assert time.monotonic() < deadline
        message = consumer.poll(1.0)
        if message is not None and not message.error():
            found.append(msgspec.json.decode(message.value() or b"", type=Verdict))
    consumer.close()
    return found


def test_every_match_is_told_through_kills_and_can_be_counted_once(
    store: servers.ClickHouse, tmp_path: Path
) -> None:
    connection = Connection(store.url)
    rule = Rule(name="暗号", query=WORD, brand="星曜", severity="yellow", by_reach={"red": 50_000})
    rules.change(connection, [Change("暗号", 0, rule)], actor="t", via="cli")
    with servers.kafka(tmp_path) as bootstrap:
        worker = servers.worker(tmp_path, bootstrap, store.url, session_timeout="3")
        worker.wait_ready()
        fed = matching(Feed(bootstrap, "told", rate=1_000))
        with fed:
            for _ in range(2):
                time.sleep(2)
                worker.kill()
                worker.start()
                worker.wait_ready()
        fed.check(store)
        told = verdicts(bootstrap)
        worker.end()

    expected = {
        (partition, offset)
        for partition, offset in store.rows(
            "SELECT src_partition, src_offset FROM posts WHERE startsWith(text, {word:String})", word=WORD
        )
    }
    assert len(expected) == (fed.sent + 2) // 3
    seen: dict[int, int] = {}
    counted: Counter[tuple[int, int]] = Counter()
    for one in told:
        assert (one.rule, one.version, one.brand, one.topic, one.epoch) == ("暗号", 1, "星曜", "posts", 1)
        new = [offset for offset in one.offsets if offset > seen.get(one.partition, -1)]
        counted.update((one.partition, offset) for offset in new)
        seen[one.partition] = max([seen.get(one.partition, -1), *new])
    assert set(counted) == expected
    assert set(counted.values()) == {1}
    assert {one.severity for one in told} == {"yellow", "red"}

    landed = {
        partition: sorted(offset for at, offset in expected if at == partition) for partition, _ in expected
    }
    again = hits.stored(connection, POSTS, 1, landed, int(time.time() - 300) * 1000)
    assert [(match.partition, match.offset) for match in again] == sorted(expected)
    assert {match.rules[0] for match in again} == {"暗号"}
    assert {match.followers for match in again} == {10, 50_000}
    connection.close()
