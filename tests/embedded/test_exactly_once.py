"""Faults on the embedded servers: nothing lost, nothing doubled, counted in SQL without FINAL."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.feeding import Feed

pytestmark = [pytest.mark.embedded, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    with servers.clickhouse(tmp_path_factory.mktemp("clickhouse")) as server:
        yield server


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    with servers.kafka(tmp_path) as bootstrap:
        yield bootstrap


@pytest.fixture
def worker(tmp_path: Path, broker: str, store: servers.ClickHouse) -> Iterator[servers.Process]:
    process = servers.worker(tmp_path, broker, store.url)
    process.wait_ready()
    yield process
    process.end()


def test_killed_and_terminated_workers_lose_and_double_nothing(
    store: servers.ClickHouse, broker: str, worker: servers.Process
) -> None:
    with Feed(broker, "kill", poison_every=400) as feed:
        for how in (worker.kill, worker.end, worker.kill):
            time.sleep(3)
            how()
            worker.start()
            worker.wait_ready()
    feed.check(store)


def test_a_frozen_worker_ends_itself_instead_of_writing(
    store: servers.ClickHouse, broker: str, worker: servers.Process
) -> None:
    with Feed(broker, "frozen") as feed:
        time.sleep(3)
        worker.signal(servers.STOP)
        time.sleep(6)
        worker.signal(servers.CONTINUE)
        assert worker.wait() == 70
        worker.start()
        worker.wait_ready()
    feed.check(store)


def test_a_second_worker_joins_and_dies_without_loss(
    tmp_path: Path, store: servers.ClickHouse, broker: str, worker: servers.Process
) -> None:
    with Feed(broker, "joined", poison_every=500) as feed:
        time.sleep(2)
        other = servers.worker(tmp_path, broker, store.url)
        other.wait_ready()
        time.sleep(3)
        other.kill()
        time.sleep(2)
        other.start()
        other.wait_ready()
        time.sleep(2)
        other.end()
    feed.check(store)


def test_a_store_that_is_killed_or_frozen_is_waited_for(
    store: servers.ClickHouse, broker: str, worker: servers.Process
) -> None:
    with Feed(broker, "away") as feed:
        time.sleep(2)
        store.kill()
        time.sleep(3)
        store.restart()
        time.sleep(2)
        store.process.signal(servers.STOP)
        time.sleep(4)
        store.process.signal(servers.CONTINUE)
        time.sleep(1)
    feed.check(store)
    assert worker.running()


def test_a_flood_of_bad_records_stops_the_worker_and_resume_lets_them_pass(
    tmp_path: Path, store: servers.ClickHouse, broker: str, worker: servers.Process
) -> None:
    feed = Feed(broker, "flood")
    feed.send(50)
    feed.flush()
    good = "SELECT count() FROM posts WHERE post_id LIKE 'flood-%'"
    servers.wait_for("the good posts", lambda: store.rows(good) == [(50,)])
    feed.post = lambda n: b"{rubbish"  # type: ignore[method-assign]
    feed.send(400)
    feed.flush()
    assert worker.wait(30) == 78
    assert "koubei worker resume" in (tmp_path / "worker.log").read_text()
    assert store.rows("SELECT count() FROM dead_letters WHERE key LIKE 'flood-%'") == [(0,)]
    feed.poison = 400
    resumed = servers.worker(tmp_path, broker, store.url, "--resumed")
    resumed.wait_ready()
    feed.check(store)
    resumed.end()
