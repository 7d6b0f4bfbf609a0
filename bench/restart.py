"""kill -9 of the worker under load: how long until its successor's first row, and what was lost."""

import sys
import threading
import time
from collections.abc import Sequence
from itertools import islice

from bench.material import Material
from bench.report import Figure, Section, spread
from bench.servers import Failed, Process, has_real_kafka, real_kafka, wait_for, worker
from streams.broker.address import Broker, landing_group
from streams.broker.admin import create
from streams.broker.feeder import Feeder
from streams.cli.bench import Stack, numbered, stack
from streams.config import KafkaSettings
from streams.topics.registry import POSTS

RATE = 2_000
KILLS = 5
BETWEEN = 3.0
IN_FLIGHT_MS = 300
"""An insert that ClickHouse was still executing for the dead worker is not its successor's."""


def run(material: Material, *, scale: float, rounds: int) -> Section:
    kills = max(1, int(KILLS * scale))
    with stack("kafka,clickhouse") as running:
        found = [_kills(running, running.kafka.bootstrap, material, kills, "embedded Kafka")]
    if has_real_kafka():
        with real_kafka() as bootstrap, stack("clickhouse", "--kafka", bootstrap) as running:
            create(Broker(bootstrap))
            found.append(_kills(running, bootstrap, material, kills, "Apache Kafka", instance="bench"))
    rows, figures = [], []
    for where, waits, sent, lost, doubled in found:
        rows.append((where, spread(waits, ".1f"), f"{sent:,}", str(lost), str(doubled)))
        worst = max(waits)
        figures.append(Figure(f"kill -9 → first row, {where}, worst", f"{worst:.1f} s", "≤ 5 s", worst <= 5))
        figures.append(
            Figure(f"kill -9, {where}: lost and doubled", f"{lost} and {doubled}", "0", lost == doubled == 0)
        )
    return Section(
        "restart",
        "kill -9 of the worker",
        f"{kills} kills under {RATE:,} posts a second; the successor is started at once (`koubei up` waits 0.5 s "
        "before it does). From the kill to the successor's first row. The embedded Kafka knows no static members: a "
        "killed worker's partitions wait there for its session of 3 s.",
        ("broker", "seconds", "posts", "lost", "doubled"),
        rows,
        figures,
    )


def _kills(
    running: Stack, bootstrap: str, material: Material, kills: int, where: str, **settings: str
) -> tuple[str, Sequence[float], int, int, int]:
    kafka = KafkaSettings(bootstrap=bootstrap)
    waits: list[float] = []

    def start() -> Process:
        return worker(bootstrap, running.url, kafka.group, **settings)

    current = start()
    try:
        current.said(60)
        with (
            Feeder(Broker.of(kafka), landing_group(kafka)) as feeder,
            Flow(feeder, material, "killed") as flow,
        ):
            wait_for("the first rows", lambda: running.rows("SELECT count() FROM posts")[0][0])
            for number in range(kills):
                time.sleep(BETWEEN)
                killed = time.time()
                current.kill()
                current = start()
                since = int(killed * 1000) + IN_FLIGHT_MS
                first = wait_for("a row of the successor", lambda: _first(running, since))  # noqa: B023
                waits.append(first / 1000 - killed)
                print(f"restart {where} {number + 1}/{kills}: {waits[-1]:.2f} s", file=sys.stderr)
            flow.stop()
            feeder.wait_committed(60)
        rows, ids, places = running.rows(
            "SELECT count(), uniqExact(post_id), uniqExact(src_partition, src_offset) FROM posts"
        )[0]
    finally:
        current.end()
    if ids != places:
        raise Failed(f"{ids} ids at {places} places")
    return where, waits, flow.sent, flow.sent - ids, rows - ids


def _first(running: Stack, since: int) -> int:
    """When the first row after `since` landed, Unix milliseconds; 0 for none yet."""
    return int(
        running.rows(
            "SELECT min(toUnixTimestamp64Milli(landed_at)) FROM posts "
            "WHERE landed_at > fromUnixTimestamp64Milli({since:Int64})",
            since=since,
        )[0][0]
    )


class Flow:
    """Posts at an even rate from a thread of its own."""

    def __init__(self, feeder: Feeder, material: Material, name: str) -> None:
        self.sent = 0
        self._feeder = feeder
        self._values = numbered(material.posts, name)
        self._stop = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Flow":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """No more posts; everything sent is in Kafka."""
        self._stop.set()
        self._thread.join(30)
        if self._error is not None:
            raise self._error
        self._feeder.flush()

    def _run(self) -> None:
        started = time.monotonic()
        try:
            while not self._stop.wait(0.01):
                due = int((time.monotonic() - started) * RATE)
                for value in islice(self._values, due - self.sent):
                    self._feeder.send(POSTS, b"%d" % self.sent, value)
                    self.sent += 1
        except Exception as error:
            self._error = error
