"""Real posts, reposts and texts land completely: every distinct identity is one row, none is a dead letter."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.broker.address import Broker
from streams.broker.feeder import Feeder
from streams.topics import codec
from streams.topics.intake import intake
from streams.topics.registry import POSTS, SHARES, Topic
from tests.faults.conftest import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

NOW = 1_760_000_000.0


def lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def feed(cluster: Cluster, topic: Topic, path: Path) -> int:
    """Send a file as `koubei ingest` does; returns how many identities it holds."""
    broker = Broker(cluster.bootstrap, prefix=cluster.prefix)
    kind = "real" if cluster.real else "embedded"
    identities = set()
    with Feeder(broker, f"{cluster.prefix}koubei-landing") as feeder:
        for item in lines(path):
            # Each broker's run has platforms and roots of its own, so that neither counts the other's rows.
            own: dict[str, Any] = {
                name: f"{item[name]}-{kind}" for name in ("platform", "root_id") if name in item
            }
            record = intake(topic, {**item, **own}, now=NOW, via="file", hmac_key=None)
            feeder.send(topic, topic.key(record), codec.encode(record))
            identities.add((getattr(record, "root_id", ""), getattr(record, topic.id_field)))
        feeder.wait_committed(180)
    return len(identities)


def test_all_of_it_lands(cluster: Cluster, samples: Path) -> None:
    cluster.worker()
    posts = feed(cluster, POSTS, samples / "weibo" / "posts.jsonl.gz")
    texts = feed(cluster, POSTS, samples / "real_texts.jsonl.gz")
    shares = feed(cluster, SHARES, samples / "weibo" / "shares.jsonl.gz")
    assert (posts, shares) == (690, 263_743 - 140)
    mine = f"platform LIKE '%-{'real' if cluster.real else 'embedded'}'"
    assert cluster.store.rows(f"SELECT count() FROM posts_latest WHERE {mine}") == [(posts + texts,)]
    assert cluster.store.rows(f"SELECT count() FROM shares_latest WHERE {mine}") == [(shares,)]
    judged = cluster.store.rows(
        f"SELECT countIf(sentiment = ''), countIf(empty(tokens)) FROM posts_latest WHERE {mine}"
    )
    assert judged[0][0] == 0
