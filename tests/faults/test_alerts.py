"""A storm of alerts while everything is killed in turn: the alerts are exactly those expected, each told once."""

import json
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from confluent_kafka import Producer

from streams.rules.rule import Rule
from streams.store import rules
from streams.store.client import Connection
from streams.store.rules import Change
from streams.topics.alert import Command
from streams.topics.codec import encode
from tests import servers
from tests.faults.conftest import Cluster
from tests.feeding import Feed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

RULES = 20


class Inbox:
    """A webhook that keeps what it was sent, in order."""

    def __init__(self) -> None:
        self.took: list[tuple[str, dict[str, Any]]] = []
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                inbox.took.append((self.headers["Idempotency-Key"], body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    inbox = Inbox()
    yield inbox
    inbox.server.shutdown()
    inbox.server.server_close()


@pytest.fixture
def names(cluster: Cluster) -> Iterator[list[str]]:
    """Rules of this test alone; the store outlives it."""
    made = [f"storm{time.time_ns()}x{number}" for number in range(RULES)]
    connection = Connection(cluster.store.url)
    wanted = [
        Change(name, 0, Rule(name=name, query=name, brand=f"b{name}", severity="orange")) for name in made
    ]
    rules.change(connection, wanted, actor="t", via="cli")
    yield made
    gone = [Change(name, 1, None) for name in made]
    rules.change(connection, gone, actor="t", via="cli")
    connection.close()


class Storm(Feed):
    """Every post matches one of the rules, in turn."""

    names: list[str]

    def post(self, n: int) -> bytes:
        body = {
            "platform": "微博",
            "post_id": f"{self.name}-{n}",
            "text": f"又断连了 {self.names[n % len(self.names)]}",
            "published": time.time(),
        }
        return json.dumps(body, ensure_ascii=False).encode()


def acknowledge(cluster: Cluster, alert_id: str) -> None:
    command = Command(
        id=uuid.uuid4().hex, action="acknowledge", alert_id=alert_id, actor="张三", via="api", at=time.time()
    )
    producer = Producer({"bootstrap.servers": cluster.bootstrap})
    producer.produce(f"{cluster.prefix}alerts", encode(command), command.dedup_key.encode())
    assert producer.flush(30) == 0


def alerts(cluster: Cluster, names: list[str]) -> list[tuple[Any, ...]]:
    return cluster.store.rows(
        "SELECT alert_id, rule, state, owner, count FROM alerts WHERE rule IN {names:Array(String)}",
        names=names,
    )


def test_an_alert_storm_through_kills_of_everything(cluster: Cluster, names: list[str], inbox: Inbox) -> None:
    worker = cluster.worker()
    notifier = cluster.notifier(inbox.url)
    storm = Storm(
        cluster.bootstrap, f"storm-{cluster.prefix or 'embedded'}", prefix=cluster.prefix, rate=1_000
    )
    storm.names = names
    with storm:
        servers.wait_for("all alerts", lambda: len(alerts(cluster, names)) == RULES)
        claimed = alerts(cluster, names)[0][0]
        acknowledge(cluster, claimed)
        servers.wait_for(
            "the claim", lambda: {a: o for a, _, _, o, _ in alerts(cluster, names)}[claimed] == "张三"
        )
        worker.kill()
        worker.start()
        worker.wait_ready()
        notifier.kill()
        notifier.start()
        notifier.wait_ready()
        cluster.store.kill()
        time.sleep(2)
        cluster.store.restart()
        if cluster.broker:
            cluster.broker.kill_and_restart()
        worker.kill()
        notifier.kill()
        worker.start()
        notifier.start()
        worker.wait_ready()
        notifier.wait_ready()
        time.sleep(max(0.0, (10_000 - storm.sent) / storm.rate))
    assert storm.sent >= 10_000
    storm.check(cluster.store)

    expected = Counter(names[n % RULES] for n in range(storm.sent))
    servers.wait_for(
        "every match to be counted",
        lambda: {rule: count for _, rule, _, _, count in alerts(cluster, names)} == expected,
    )
    found = alerts(cluster, names)
    assert len({alert for alert, *_ in found}) == RULES
    assert [(state, owner) for alert, _, state, owner, _ in found if alert == claimed] == [
        ("acknowledged", "张三")
    ]

    told: defaultdict[str, list[bool]] = defaultdict(list)
    firing: set[str] = set()
    for key, body in inbox.took:
        told[key].append(body["possibly_repeated"])
        if body["state"] == "firing":
            firing |= {body["alert_id"], *(other["alert_id"] for other in body["others"])}
    assert firing >= {alert for alert, *_ in found}, "no alert is lost"
    assert all(marked for marks in told.values() for marked in marks[1:]), "what comes twice says so"
    log = cluster.log("notifier")
    assert "recovered" in log
