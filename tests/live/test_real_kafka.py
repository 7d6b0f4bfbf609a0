"""The broker room on a real Kafka: what the embedded one cannot do, and what both must do alike."""

import json
import time

import pytest
from confluent_kafka import Consumer

from streams.broker import admin
from streams.broker.address import Broker
from streams.broker.epoch import epoch_ids, is_embedded
from streams.broker.feeder import Feeder
from streams.broker.lag import lags
from streams.cli import run
from streams.topics.registry import ALERTS, POSTS, TOPICS

pytestmark = pytest.mark.kafka
PATIENCE = 30.0


@pytest.fixture(scope="module")
def broker(real_kafka: str) -> Broker:
    """Our topics under a prefix of this run, so that a shared Kafka will do."""
    broker = Broker(real_kafka, prefix=f"test{time.time_ns()}-")
    admin.create(broker)
    return broker


def test_topics_are_made_as_declared(broker: Broker) -> None:
    assert admin.differences(broker) == []
    assert admin.create(broker) == []
    found = {one.topic: one for one in admin.found(broker)}
    assert found["posts"].partitions == 16
    assert found["posts"].settings["message.timestamp.type"] == "LogAppendTime"
    assert found["dead-letters"].settings["cleanup.policy"] == "compact"


def test_what_differs_is_named_with_its_remedy_and_mended(real_kafka: str) -> None:
    broker = Broker(real_kafka, prefix=f"mend{time.time_ns()}-")
    with admin._client(broker) as client:
        small = {"num_partitions": 2, "replication_factor": 1, "configs": {"retention.ms": "1000000"}}
        large = {"num_partitions": 32, "replication_factor": 1, "configs": admin.declared(POSTS, broker)}
        many = {"num_partitions": 2, "replication_factor": 1, "configs": admin.declared(ALERTS, broker)}
        client.create_topics(
            {broker.topic("shares"): small, broker.topic("posts"): large, broker.topic("alerts"): many}
        )
    deadline = time.monotonic() + PATIENCE
    while [one.partitions for one in admin.found(broker)] != [32, 2, 0, 0, 2]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    found = {(one.topic, one.what): one for one in admin.differences(broker)}
    assert found["shares", "partitions"].found == "2"
    assert found["shares", "partitions"].remedy == "koubei topics create --mend"
    assert found["shares", "retention.ms"].needed == str(7 * 86_400_000)
    assert ("posts", "partitions") not in found, "more partitions than declared do no harm and are not shrunk"
    assert found["alerts", admin.TOO_MANY].needed == "1"
    assert {one.what for one in admin.create(broker)} == {"missing"}
    assert {one.what for one in admin.create(broker, mend=True)} >= {"partitions", "retention.ms"}
    assert {one.what for one in admin.differences(broker)} == {admin.TOO_MANY}, "people must do that"
    assert {one.topic: one.partitions for one in admin.found(broker)}["posts"] == 32


def test_epochs_are_topic_ids_and_change_when_a_topic_is_made_anew(real_kafka: str) -> None:
    broker = Broker(real_kafka, prefix=f"epoch{time.time_ns()}-")
    admin.create(broker)
    assert not is_embedded(broker)
    before = epoch_ids(broker, ["posts", "shares", "nothing"])
    assert before.keys() == {"posts", "shares"}
    with admin._client(broker) as client:
        client.delete_topics([broker.topic("posts")])
    deadline = time.monotonic() + PATIENCE
    while "posts" in epoch_ids(broker, ["posts"]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    admin.create(broker)
    after = epoch_ids(broker, ["posts", "shares"])
    assert after["shares"] == before["shares"]
    assert after["posts"] != before["posts"]


def test_the_feeder_holds_nothing_back_and_lag_tells_the_rest(broker: Broker) -> None:
    group, total = f"live-{time.time_ns()}", 30_000
    value = b"x" * 1000
    with Feeder(broker, group, keep_runs=True) as feeder:
        # Six times what a partition of the embedded Kafka could hold, and nobody commits.
        for _ in range(total):
            feeder.send(POSTS, b"one", value)
        feeder.flush(PATIENCE)
        assert feeder.lag() == total
        consumer = Consumer(
            broker.conf(group_id=group, auto_offset_reset="earliest", enable_auto_commit=False)
        )
        consumer.subscribe([broker.topic("posts")])
        read, deadline = 0, time.monotonic() + PATIENCE
        while read < total and time.monotonic() < deadline:
            read += len(consumer.consume(5000, 0.1))
        consumer.commit(asynchronous=False)
        consumer.close()
        feeder.wait_committed(PATIENCE)
        assert [len(run) for places in feeder.runs.values() for run in places] == [total]
    assert not any(one.lag or one.lost for one in lags(broker, group, ["posts"]))


def test_commands(
    broker: Broker, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOUBEI_KAFKA__BOOTSTRAP", broker.bootstrap)
    monkeypatch.setenv("KOUBEI_KAFKA__TOPIC_PREFIX", f"cli{time.time_ns()}-")
    assert run(["topics", "create", "--dry-run"]) == 0
    capsys.readouterr()
    assert run(["topics", "list", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["differences"]) == len(TOPICS)
    assert run(["topics", "create", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "created": [topic.name for topic in TOPICS], "mended": [], "left": []
    }  # fmt: skip
    assert run(["topics", "lag", "--json"]) == 0
    places = json.loads(capsys.readouterr().out)
    assert sum(place["lag"] for place in places) == 0
    assert len(places) == sum(topic.partitions for topic in TOPICS)
