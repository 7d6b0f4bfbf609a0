"""The embedded Kafka and the feeder that keeps it from forgetting."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaException, Producer

from streams.broker.address import Broker
from streams.broker.epoch import epoch_ids, is_embedded
from streams.broker.feeder import Feeder
from streams.broker.lag import lags
from streams.cli import run
from streams.errors import BadConfig, BadRecord, BrokerUnavailable
from streams.topics.registry import DEAD_LETTERS, EVENTS, INTERACTIONS, POSTS, SHARES, TOPICS, Topic
from tests.servers import kafka

pytestmark = pytest.mark.embedded
GROUP = "koubei-landing"
PATIENCE = 30.0


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with kafka(tmp_path_factory.mktemp("kafka")) as bootstrap:
        yield Broker(bootstrap)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with kafka(tmp_path) as bootstrap:
        yield Broker(bootstrap)


class Reader:
    """Reads and commits as a worker does, at a pace of its own."""

    def __init__(self, broker: Broker, pace: float = 0.0) -> None:
        self.seen: list[tuple[int, int, bytes | None, bytes | None]] = []
        self._pace = pace
        self._stop = threading.Event()
        self._consumer = Consumer(
            broker.conf(
                group_id=GROUP,
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                session_timeout_ms=3000,
                fetch_wait_max_ms=50,
            )
        )
        self._consumer.subscribe([broker.topic("posts")])
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stop.is_set():
            messages = self._consumer.consume(5000, 0.05)
            self.seen += [(m.partition() or 0, m.offset() or 0, m.key(), m.value()) for m in messages]
            if messages:
                time.sleep(self._pace)
                self._consumer.commit(asynchronous=False)
        self._consumer.close()

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(PATIENCE)


@contextmanager
def embedded(*options: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "streams.embedded.kafka", "--topic", "posts:3", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def feed(broker: Broker, topic: Topic, key: bytes, value: bytes, times: int) -> None:
    with Feeder(broker, GROUP, idle_limit=1.0) as feeder:
        for _ in range(times):
            feeder.send(topic, key, value)


def said(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_listens_where_it_is_told_and_ends_on_sigterm() -> None:
    port = free_port()
    with embedded("--port", str(port)) as process:
        answer = said(process)
        assert answer["bootstrap"] == f"127.0.0.1:{port}"
        assert answer["pid"] == process.pid
        producer = Producer(Broker(answer["bootstrap"]).conf())
        metadata = producer.list_topics(timeout=PATIENCE)
        # Whoever asks for the first broker is sent to the same port: nothing stands in between.
        assert (metadata.brokers[1].host, metadata.brokers[1].port) == ("127.0.0.1", port)
        assert len(metadata.topics["posts"].partitions) == 3
        assert f"koubei-embedded-{answer['boot']}" in metadata.topics
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert len(process.stderr.read().splitlines()) == 1, (
            "it says once that it is in memory, and nothing else"
        )


def test_a_taken_port_is_refused_in_words() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with embedded("--port", str(port)) as process:
            out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == BadConfig.exit_code
    assert not out
    assert str(port) in err
    assert "--kafka-port" in err


def test_dies_with_its_parent() -> None:
    script = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'streams.embedded.kafka', '--topic', 'posts:1',"
        " '--parent', str(os.getpid())], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)\n"
        "print(child.stdout.readline().decode(), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    parent = subprocess.run(
        [sys.executable, "-c", script], check=False, stdout=subprocess.PIPE, timeout=PATIENCE
    )
    child = json.loads(parent.stdout)["pid"]
    deadline = time.monotonic() + PATIENCE
    while Path(f"/proc/{child}").exists() and Path(f"/proc/{child}/stat").read_text().split()[2] != "Z":
        assert time.monotonic() < deadline, "the embedded Kafka outlived its parent"
        time.sleep(0.05)


def test_refuses_to_serve_for_a_parent_that_is_gone() -> None:
    with embedded("--parent", "1") as process:
        out, _ = process.communicate(timeout=PATIENCE)
    assert not out


def test_every_boot_is_an_incarnation_of_its_own() -> None:
    with embedded() as first, embedded() as second:
        ids = [epoch_ids(Broker(said(one)["bootstrap"]), ["posts", "nothing"]) for one in (first, second)]
    assert ids[0].keys() == {"posts"}
    assert ids[0] != ids[1]


def test_is_known_as_embedded_and_has_every_declared_topic(shared: Broker) -> None:
    assert is_embedded(shared)
    assert epoch_ids(shared, [topic.name for topic in TOPICS]).keys() == {topic.name for topic in TOPICS}
    assert len(lags(shared, "nobody", [topic.name for topic in EVENTS])) == sum(
        one.partitions for one in EVENTS
    )


def test_topics_commands_work_on_it(shared: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--kafka", shared.bootstrap]
    assert run(["topics", "create", *where]) == 0
    assert "启动时就已建好" in capsys.readouterr().err
    assert run(["topics", "list", "--json", *where]) == 0
    assert json.loads(capsys.readouterr().out)["differences"] == []
    assert run(["topics", "lag", *where]) == 0
    assert "interactions" in capsys.readouterr().out


def test_nothing_is_lost_and_keys_keep_their_order_when_the_reader_is_slow(shared: Broker) -> None:
    # Six times what one partition holds goes through one key, beside others.
    total, value = 40_000, os.urandom(400)
    progress: list[int] = []
    with Reader(shared, pace=0.05) as reader, Feeder(shared, GROUP, keep_runs=True) as feeder:
        for number in range(total):
            key = b"hot" if number % 4 else b"key%d" % (number % 97)
            feeder.send(POSTS, key, b"%08d" % number + value)
        feeder.wait_committed(PATIENCE, progress.append)
        assert feeder.sent == {"posts": total}
        assert feeder.lag() == 0
        runs = feeder.runs
    assert progress[-1] == 0
    seen: dict[bytes, list[bytes]] = {}
    for _, _, name, content in sorted(reader.seen, key=lambda one: one[:2]):
        assert name is not None
        assert content is not None
        seen.setdefault(name, []).append(content[:8])
    assert sum(map(len, seen.values())) == total
    assert all(numbers == sorted(numbers) for numbers in seen.values())
    assert sum(len(run) for places in runs.values() for run in places) == total
    assert {(place, offset) for place, offset, _, _ in reader.seen} == {
        (place, offset) for (_, place), places in runs.items() for run in places for offset in run
    }
    assert not any(lag.lost or lag.lag for lag in lags(shared, GROUP, ["posts"]))


def test_gives_up_in_words_when_nobody_lands(shared: Broker) -> None:
    value = os.urandom(1000)
    with pytest.raises(BrokerUnavailable, match="koubei worker"):
        feed(shared, INTERACTIONS, b"one", value, 20_000)
    held = [lag for lag in lags(shared, GROUP, ["interactions"]) if lag.end]
    assert [lag.lost for lag in held] == [0], "it stopped before Kafka began to forget"
    assert held[0].low == 0


def test_other_feeders_records_take_room_too(shared: Broker) -> None:
    value = os.urandom(1000)
    stranger = Producer(shared.conf(linger_ms=5))
    for _ in range(3000):
        stranger.produce("shares", value, b"one", partition=0)
    assert stranger.flush(PATIENCE) == 0
    key = next(b"%d" % n for n in range(10_000) if partition_of(b"%d" % n, 16) == 0)
    with pytest.raises(BrokerUnavailable):
        feed(shared, SHARES, key, value, 3000)
    assert [lag.lost for lag in lags(shared, GROUP, ["shares"]) if lag.end] == [0]


def partition_of(key: bytes, partitions: int) -> int:
    """Murmur2 as the Java client does it."""
    mask, m, h = 0xFFFFFFFF, 0x5BD1E995, 0x9747B28C ^ len(key)
    whole = len(key) // 4 * 4
    for start in range(0, whole, 4):
        k = int.from_bytes(key[start : start + 4], "little") * m & mask
        h = (h * m & mask) ^ ((k ^ k >> 24) * m & mask)
    if rest := key[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return ((h ^ h >> 15) & 0x7FFFFFFF) % partitions


def test_the_java_client_would_choose_the_same_partition(shared: Broker) -> None:
    keys = [b"", b"a", b"ab", b"abc", b"abcd", "微博".encode(), b"post-123456"][1:]
    with Feeder(shared, GROUP) as feeder:
        for key in keys:
            feeder.send(DEAD_LETTERS, key, key)
    consumer = Consumer(shared.conf(group_id="look", auto_offset_reset="earliest", session_timeout_ms=3000))
    consumer.subscribe(["dead-letters"])
    found: dict[bytes | None, int | None] = {}
    deadline = time.monotonic() + PATIENCE
    while len(found) < len(keys) and time.monotonic() < deadline:
        found.update({one.key(): one.partition() for one in consumer.consume(100, 0.1)})
    consumer.close()
    assert found == {key: partition_of(key, 4) for key in keys}


def test_a_record_too_large_for_kafka_is_a_bad_record(shared: Broker) -> None:
    with Feeder(shared, GROUP) as feeder, pytest.raises(BadRecord, match="too_big"):
        feeder.send(POSTS, b"k", b"x" * 1_100_000)


def test_what_kafka_forgot_is_told_as_lost(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    producer = Producer(broker.conf(linger_ms=5))
    value = os.urandom(10_000)
    for _ in range(1000):
        producer.produce("posts", value, b"k", partition=0)
        producer.poll(0)
    assert producer.flush(PATIENCE) == 0
    assert run(["topics", "lag", "--json", "--kafka", broker.bootstrap]) == 1
    places = json.loads(capsys.readouterr().out)
    assert sum(place["lost"] for place in places) == next(one["low"] for one in places if one["end"]) > 0


def test_a_broker_that_dies_under_the_feeder_is_named() -> None:
    with embedded() as process:
        broker = Broker(said(process)["bootstrap"])
        feeder = Feeder(broker, GROUP, idle_limit=1.0)
        feeder.send(POSTS, b"k", b"v")
        feeder.flush()
        process.kill()
        process.wait(PATIENCE)
        feeder.send(POSTS, b"k", b"v")
        with pytest.raises(BrokerUnavailable, match=broker.bootstrap):
            feeder.flush(2.0)
        with pytest.raises((BrokerUnavailable, KafkaException)):
            feeder.close()
