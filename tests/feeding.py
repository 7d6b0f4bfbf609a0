"""Feeding a broker in tests: numbered posts with poison among them, and the accounts afterwards."""

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Producer

from tests.servers import ClickHouse, wait_for

POISON = [
    b"",
    b"null",
    b"[]",
    b"{",
    b'{"platform":"a","post_id":"x","text":"y"}',
    b'{"platform":"a","post_id":"x","text":"\\ud800","published":1700000000}',
    b'{"platform":"a","post_id":"x","text":"y","published":-1}',
    b'{"platform":"a","post_id":"x","text":"y","published":1e400}',
    b'{"platform":"a","post_id":"x","text":"y","published":1700000000,"likes":1180591620717411303424}',
    b'{"platform":"a","post_id":["x"],"text":"y","published":1700000000}',
    b"\xff\xfe",
    b"[" * 20_000,
]


@dataclass
class Feed:
    """Sends posts at a rate in a thread of its own and counts what it sent."""

    bootstrap: str
    name: str
    prefix: str = ""
    rate: int = 2_000
    poison_every: int = 0
    sent: int = 0
    poison: int = 0
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._producer = Producer(
            {"bootstrap.servers": self.bootstrap, "acks": "all", "enable.idempotence": True, "linger.ms": 10}
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def post(self, n: int) -> bytes:
        texts = ("星曜 X1 又断连了，客服也不理人", "续航真不错，值得买", "今天路过门店看了看")
        body: dict[str, Any] = {
            "platform": "微博",
            "post_id": f"{self.name}-{n}",
            "text": f"{texts[n % 3]} {n}",
            "published": time.time(),
        }
        return json.dumps(body, ensure_ascii=False).encode()

    def send(self, n: int) -> None:
        """Send `n` records now."""
        for _ in range(n):
            number = self.sent
            self.sent += 1
            value = self.post(number)
            if self.poison_every and number % self.poison_every == 7:
                value = POISON[self.poison % len(POISON)]
                self.poison += 1
            while True:
                try:
                    key = f"{self.name}-{number}".encode()
                    self._producer.produce(f"{self.prefix}posts", value, key, on_delivery=self._done)
                    break
                except BufferError:
                    self._producer.poll(0.05)
        self._producer.poll(0)

    def _done(self, error: Any, _message: Any) -> None:
        if error is not None:
            self.errors.append(str(error))

    def _run(self) -> None:
        started, sent = time.monotonic(), 0
        while not self._stop.is_set():
            due = int((time.monotonic() - started) * self.rate) - sent
            self.send(due)
            sent += due
            time.sleep(0.02)

    def __enter__(self) -> "Feed":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)
        self.flush()

    def flush(self) -> None:
        assert self._producer.flush(30) == 0
        assert not self.errors

    def check(self, store: ClickHouse, limit: float = 60.0) -> None:
        """Each good post is one row, each bad one a dead letter, none twice, counted without FINAL; and each is grouped."""
        good = self.sent - self.poison
        mine = f"WHERE post_id LIKE '{self.name}-%'"
        wait_for(
            f"{good} rows of {self.name}",
            lambda: store.rows(f"SELECT uniqExact(post_id) FROM posts {mine}")[0][0] >= good,
            limit,
        )
        dead = (
            "SELECT uniqExact(topic, epoch, partition, offset) FROM dead_letters "
            f"WHERE topic = 'posts' AND key LIKE '{self.name}-%'"
        )
        wait_for(f"{self.poison} dead letters", lambda: store.rows(dead)[0][0] >= self.poison, limit)
        assert store.rows(f"SELECT count(), uniqExact(post_id) FROM posts {mine}") == [(good, good)]
        assert store.rows(dead) == [(self.poison,)]
        places = f"SELECT uniqExact(src_epoch, src_partition, src_offset) FROM posts {mine}"
        assert store.rows(places) == [(good,)]
        grouped = f"SELECT uniqExact(id) FROM duplicates WHERE id LIKE '{self.name}-%'"
        wait_for(f"{good} grouped posts", lambda: store.rows(grouped)[0][0] >= good, limit)
        latest = f"SELECT count() FROM duplicates_latest WHERE id LIKE '{self.name}-%'"
        assert store.rows(latest) == [(good,)]
