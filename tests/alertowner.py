"""Alerts for tests of what shows them and acts on them: made by the state machine, stored as the notifier stores them."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from confluent_kafka import Consumer

from streams.alerts.book import Book
from streams.alerts.cases import Cases
from streams.alerts.model import Alert, Policy, Step
from streams.store import alerts
from streams.store.client import Connection
from streams.topics.alert import AlertRecord, Command, Ref, Verdict

_decode = msgspec.json.Decoder(AlertRecord).decode
_number = itertools.count(1)


class Owner:
    """Decides on alerts and cases as the notifier does, and stores what it decided; sends nothing.

    Attributes:
        commands: what people did, in order.
    """

    def __init__(self, url: str) -> None:
        self._connection = Connection(url)
        self._lock = threading.Lock()
        self.book = Book(Policy())
        self.cases = Cases()
        self.commands: list[Command] = []

    def verdict(self, rule: str, *, at: float | None = None, **given: Any) -> Alert:
        """Let a rule speak; the alert as it then stands."""
        at = time.time() if at is None else at
        number = next(_number)
        # Only rules about single posts name records.
        posts = given.get("kind", "post") == "post"
        records = {"topic": "posts", "offsets": (number,)} if posts else {}
        verdict = Verdict(
            **{
                "id": f"v{number:05d}", "rule": rule, "version": 1, "brand": "星曜", "severity": "orange",
                "at": at, "window_start": at - 600, "window_end": at, "appended": at, **records, **given,
            }
        )  # fmt: skip
        with self._lock:
            self._keep(self.book.verdict(verdict, at))
        return self.book.alerts[verdict.dedup_key]

    def command(self, command: Command) -> None:
        """Apply what a person did."""
        with self._lock:
            self.commands.append(command)
            if not command.action.startswith("case_"):
                self._keep(self.book.command(command, time.time()))
                return
            step = self.cases.command(command, self.book.by_id(command.alert_id), time.time())
            self._keep(step)
            for entry in step:
                if entry.snapshot.last.kind == "opened":
                    self._keep(self.book.case_opened(command.alert_id, entry.id, time.time()))

    def act(self, action: Any, by: str, alert: Alert, **given: Any) -> None:
        """Apply an act without Kafka between."""
        self.command(
            Command(
                id=f"c{next(_number)}", action=action, actor=by, via="cli", at=time.time(),
                alert_id=alert.alert_id, **given,
            )
        )  # fmt: skip

    def close(self) -> None:
        self._connection.close()

    def _keep(self, step: Step) -> None:
        alerts.append(self._connection, step)


@contextmanager
def listening(owner: Owner, kafka: str) -> Iterator[None]:
    """Apply every command on the topic `alerts` while the test goes on."""
    consumer = Consumer(
        {
            "bootstrap.servers": kafka,
            "group.id": "owner",
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 20,
        }
    )
    consumer.subscribe(["alerts"])
    ending = threading.Event()
    wrong: list[object] = []

    def run() -> None:
        while not ending.is_set():
            message = consumer.poll(0.05)
            if message is None or message.error():
                continue
            record = _decode(message.value() or b"")
            if isinstance(record, Command) and message.key() == record.dedup_key.encode():
                owner.command(record)
            else:
                wrong.append(record)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(10)
        consumer.close()
    assert not wrong


def ref(platform: str, ident: str, at: float, start: int = 0, stop: int = 0) -> Ref:
    """Where a post is."""
    return Ref(platform=platform, id=ident, at=at, start=start, stop=stop)
