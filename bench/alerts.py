"""Post to notice: from the record's arrival in Kafka to the hand-over of its alert to a channel."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle

import msgspec

from bench.material import Material
from bench.report import Figure, Section
from bench.servers import wait_for
from bench.watching import percentile
from streams.broker.address import Broker, landing_group
from streams.broker.feeder import Feeder
from streams.cli.bench import Stack, feed_steadily, numbered, stack
from streams.rules.rule import Rule
from streams.store import rules
from streams.store.client import Connection
from streams.topics.codec import encode
from streams.topics.post import Post

RATE = 2_000
EVERY = 0.1
"""Seconds between two posts that a rule of their own matches: each opens an alert."""


class Inbox:
    """A webhook that remembers when each alert came in."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                inbox.came.setdefault(body["alert_id"], time.time())
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def _inbox() -> Iterator[Inbox]:
    inbox = Inbox()
    try:
        yield inbox
    finally:
        inbox.close()


def run(material: Material, *, scale: float, rounds: int) -> Section:
    alerts = max(20, int(30 * scale / EVERY))
    with _inbox() as inbox:
        config = f'[channels.bench]\nkind = "webhook"\nurl = "{inbox.url}"\nallow_private = true\n'
        with stack("kafka,clickhouse,worker,notifier", config=config) as running:
            _apply(running, alerts)
            broker, group = Broker.of(running.kafka), landing_group(running.kafka)
            with Feeder(broker, group) as feeder:
                feed_steadily(feeder, numbered(material.posts, "warm"), RATE, 5.0)
                feeder.wait_committed(60.0)
                _feed(feeder, material.posts, alerts)
            wait_for(f"{alerts} alerts", lambda: len(inbox.came) >= alerts, 60.0)
            rows = running.rows(
                "SELECT alert_id, latency_ms / 1000, toUnixTimestamp64Milli(window_end) / 1000 "
                "FROM alerts WHERE latency_ms IS NOT NULL"
            )
    handed = sorted(latency for _, latency, _ in rows)
    arrived = sorted(inbox.came[alert] - sent for alert, _, sent in rows)
    lines = (
        ("hand-over to the channel", handed),
        ("the receiver has it (from the post's own time)", arrived),
    )
    p50, p95, p99 = (percentile(handed, share) for share in (0.5, 0.95, 0.99))
    return Section(
        "alerts",
        "Latency: from Kafka to the notice",
        f"One worker, one notifier, embedded Kafka and ClickHouse, {RATE:,} posts/s, {alerts:,} rules; every "
        f"{EVERY * 1000:.0f} ms a post that one of them matches for the first time. *Hand-over*: from the record's "
        "Kafka timestamp to the call of the channel's send, as kept with each alert (`latency_ms`).",
        ("ms", "p50", "p95", "p99", "alerts"),
        [_cells(what, found) for what, found in lines],
        [
            Figure(f"post → notice at {RATE:,}/s, p50", f"{p50:.3f} s", "≤ 0.3 s", p50 <= 0.3),
            Figure(f"post → notice at {RATE:,}/s, p95", f"{p95:.3f} s", "≤ 0.5 s", p95 <= 0.5),
            Figure(f"post → notice at {RATE:,}/s, p99", f"{p99:.3f} s", "≤ 1 s", p99 <= 1.0),
        ],
    )


def _cells(what: str, found: Sequence[float]) -> Sequence[str]:
    return (
        what,
        *(f"{percentile(found, share) * 1000:.0f}" for share in (0.5, 0.95, 0.99)),
        f"{len(found):,}",
    )


def _word(number: int) -> str:
    return f"benchword{number:05d}"


def _apply(running: Stack, alerts: int) -> None:
    wanted = [
        rules.Change(f"bench-{number}", 0, Rule(name=f"bench-{number}", query=_word(number), severity="red"))
        for number in range(alerts)
    ]
    connection = Connection(running.url)
    try:
        rules.change(connection, wanted, actor="bench", via="cli")
    finally:
        connection.close()
    time.sleep(4.0)  # lanes look for new rules every two seconds


def _feed(feeder: Feeder, posts: Sequence[Post], alerts: int) -> None:
    """Posts at an even rate; every so many of them names the next rule's word."""
    step = int(RATE * EVERY)

    def values() -> Iterator[bytes]:
        for number, post in zip(range(alerts * step), cycle(posts), strict=False):
            text = f"{post.text} {_word(number // step)}" if number % step == 0 else post.text
            yield encode(
                msgspec.structs.replace(post, post_id=f"alert-{number}", text=text, published=time.time())
            )

    feed_steadily(feeder, values(), RATE, alerts * EVERY)
