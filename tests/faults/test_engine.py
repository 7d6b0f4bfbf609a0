"""Faults under load: nothing lost, nothing doubled, counted in SQL without FINAL, by id and by offset."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import servers
from tests.faults.conftest import Cluster
from tests.feeding import Feed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def feed(cluster: Cluster, name: str, *, poison_every: int = 0) -> Feed:
    """Posts whose names tell the test and the broker."""
    kind = "real" if cluster.real else "embedded"
    return Feed(cluster.bootstrap, f"{name}-{kind}", prefix=cluster.prefix, poison_every=poison_every)


def test_killed_and_terminated_workers(cluster: Cluster) -> None:
    worker = cluster.worker()
    with feed(cluster, "killed", poison_every=400) as fed:
        for how in (worker.kill, worker.kill, worker.end, worker.kill):
            time.sleep(2.5)
            how()
            worker.start()
            worker.wait_ready()
    fed.check(cluster.store)


def test_a_worker_killed_while_it_reads_back(cluster: Cluster) -> None:
    worker = cluster.worker()
    with feed(cluster, "reading") as fed:
        time.sleep(2)
        worker.kill()
        worker.start()
        worker.wait_ready()
        worker.kill()
        worker.start()
        worker.wait_ready()
    fed.check(cluster.store)


def test_a_frozen_worker_ends_itself_instead_of_writing(cluster: Cluster) -> None:
    worker = cluster.worker()
    with feed(cluster, "frozen") as fed:
        time.sleep(2)
        worker.signal(servers.STOP)
        time.sleep(cluster.session + 2)
        worker.signal(servers.CONTINUE)
        assert worker.wait() == 70
        worker.start()
        worker.wait_ready()
    fed.check(cluster.store)


def test_a_second_worker_joins_dies_and_leaves(cluster: Cluster) -> None:
    cluster.worker()
    with feed(cluster, "joined", poison_every=500) as fed:
        time.sleep(1)
        other = cluster.worker()
        time.sleep(2)
        other.kill()
        time.sleep(1)
        other.start()
        other.wait_ready()
        time.sleep(2)
        other.end()
    fed.check(cluster.store)


def test_a_store_that_is_killed_and_frozen_for_ten_seconds(cluster: Cluster) -> None:
    worker = cluster.worker()
    with feed(cluster, "away", poison_every=700) as fed:
        time.sleep(2)
        cluster.store.kill()
        time.sleep(4)
        cluster.store.restart()
        time.sleep(1)
        cluster.store.process.signal(servers.STOP)
        time.sleep(10)
        cluster.store.process.signal(servers.CONTINUE)
    fed.check(cluster.store)
    assert worker.running()


def test_replies_of_the_store_are_lost(cluster: Cluster, cutting: Callable[[], servers.Cutter]) -> None:
    cutter = cutting()
    worker = cluster.worker(url=cluster.store.url.replace(f":{cluster.store.native}/", f":{cutter.port}/"))
    with feed(cluster, "replies") as fed:
        time.sleep(1)
        for lost in range(1, 8):
            cutter.lose_replies()
            servers.wait_for(f"reply {lost} to be lost", lambda n=lost: cutter.lost == n)
        worker.kill()
        worker.start()
        worker.wait_ready()
    fed.check(cluster.store)


def test_a_topic_read_again_from_its_start_adds_nothing(cluster: Cluster) -> None:
    worker = cluster.worker()
    fed = feed(cluster, "again", poison_every=100)
    fed.send(5_000)
    fed.flush()
    fed.check(cluster.store)
    worker.end()
    cluster.worker(group="another")
    fed.send(100)
    fed.flush()
    fed.check(cluster.store)


def test_a_flood_of_bad_records_stops_the_worker_and_resume_lets_them_pass(cluster: Cluster) -> None:
    worker = cluster.worker()
    fed = feed(cluster, "flood")
    fed.send(50)
    fed.flush()
    fed.check(cluster.store)
    fed.post = lambda n: b"{rubbish"  # type: ignore[method-assign]
    fed.send(400)
    fed.flush()
    assert worker.wait(30) == 78
    assert "koubei worker resume" in cluster.log()
    dead = f"SELECT count() FROM dead_letters WHERE key LIKE '{fed.name}-%'"
    # Records that came alone before the flood may be buried: it takes a hundred in a row to trip.
    assert cluster.store.rows(dead)[0][0] < 100
    fed.poison = 400
    cluster.worker("--resumed")
    fed.check(cluster.store)


@pytest.mark.embedded
def test_the_embedded_kafka_started_again_loses_and_hides_nothing_new(
    tmp_path: Path, store: servers.ClickHouse
) -> None:
    """Its offsets start at 0 again: new posts must not be taken for landed ones."""
    for boot in ("first", "second"):
        root = tmp_path / boot
        with servers.kafka(root) as bootstrap:
            worker = servers.worker(root, bootstrap, store.url)
            worker.wait_ready()
            fed = Feed(bootstrap, f"boot-{boot}", poison_every=50)
            for size in (1, 200, 1, 300):
                fed.send(size)
                fed.flush()
                time.sleep(0.3)
            fed.check(store)
            worker.end()
