"""The same faults on a real Kafka: static members, a broker that dies, a worker that freezes."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.broker import admin
from streams.broker.address import Broker
from tests import servers
from tests.feeding import Feed

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(240)]

SESSION = 10.0


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    with servers.clickhouse(tmp_path_factory.mktemp("clickhouse")) as server:
        yield server


@pytest.fixture
def prefix(real_kafka: str) -> str:
    prefix = f"faults{time.time_ns()}-"
    admin.create(Broker(real_kafka, prefix=prefix))
    return prefix


def start(
    root: Path, bootstrap: str, store: servers.ClickHouse, prefix: str, instance: str
) -> servers.Process:
    process = servers.worker(
        root, bootstrap, store.url, prefix=prefix, instance=instance, session_timeout=str(SESSION)
    )
    process.wait_ready()
    return process


def landed_since(store: servers.ClickHouse, moment: float) -> bool:
    sql = "SELECT count() FROM posts WHERE landed_at > fromUnixTimestamp64Milli({at:Int64})"
    return bool(store.rows(sql, at=int(moment * 1000))[0][0])


def test_a_static_member_is_back_long_before_its_session_ends_and_nothing_is_lost_or_doubled(
    tmp_path: Path, real_kafka: str, store: servers.ClickHouse, prefix: str
) -> None:
    worker = start(tmp_path, real_kafka, store, prefix, "worker-1")
    with Feed(real_kafka, "static", prefix=prefix, poison_every=400) as feed:
        for how in (worker.kill, worker.end, worker.kill):
            time.sleep(3)
            how()
            down = time.time()
            worker.start()
            worker.wait_ready()
            servers.wait_for(
                "the first row of the successor", lambda since=down: landed_since(store, since), SESSION - 1
            )
    feed.check(store)
    worker.end()


def test_a_worker_frozen_past_its_session_ends_itself_and_another_takes_over(
    tmp_path: Path, real_kafka: str, store: servers.ClickHouse, prefix: str
) -> None:
    worker = start(tmp_path, real_kafka, store, prefix, "worker-1")
    other = start(tmp_path, real_kafka, store, prefix, "worker-2")
    with Feed(real_kafka, "fenced", prefix=prefix) as feed:
        time.sleep(3)
        worker.signal(servers.STOP)
        time.sleep(SESSION + 4)
        worker.signal(servers.CONTINUE)
        assert worker.wait() == 70
        time.sleep(2)
        other.kill()
        other.start()
        other.wait_ready()
    feed.check(store)
    other.end()


def test_a_store_away_and_poison_together_lose_nothing(
    tmp_path: Path, real_kafka: str, store: servers.ClickHouse, prefix: str
) -> None:
    worker = start(tmp_path, real_kafka, store, prefix, "worker-1")
    with Feed(real_kafka, "away", prefix=prefix, poison_every=300) as feed:
        time.sleep(2)
        store.kill()
        time.sleep(3)
        worker.kill()
        worker.start()
        time.sleep(1)
        store.restart()
        time.sleep(4)
        if not worker.running():  # the store was not there at its start: a supervisor starts it again
            worker.start()
        worker.wait_ready()
        time.sleep(2)
    feed.check(store)
    worker.end()
