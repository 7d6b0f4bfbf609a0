"""Post to row, and post to what a SELECT sees, at a steady rate and one by one."""

from collections.abc import Sequence
from typing import NamedTuple

from bench.material import Material
from bench.report import Figure, Section
from bench.watching import Watch, percentile, waits
from streams.broker.address import Broker, landing_group
from streams.broker.feeder import Feeder
from streams.cli.bench import Stack, feed_steadily, latency, numbered, stack

RATE = 2_000
LIMIT = 60.0


class Line(NamedTuple):
    """One row of the table: seconds at three percentiles of so many posts."""

    what: str
    p50: float
    p95: float
    p99: float
    posts: int

    def cells(self) -> Sequence[str]:
        return (
            self.what,
            *(f"{value * 1000:.0f}" for value in (self.p50, self.p95, self.p99)),
            f"{self.posts:,}",
        )


def run(material: Material, *, scale: float, rounds: int) -> Section:
    with stack("kafka,clickhouse,worker") as running:
        broker, group = Broker.of(running.kafka), landing_group(running.kafka)
        with Feeder(broker, group) as feeder:
            # What is loaded late is loaded now.
            _feed(feeder, material, "warm", RATE, 3.0)
            _feed(feeder, material, "row", RATE, 30 * scale)
            steady = Line(f"row, {RATE:,} posts/s", *_row(running, "row"))
            with Watch(running, 0.02) as watch:
                _feed(feeder, material, "seen", RATE, 10 * scale)
                visible = _visible(running, watch, "seen", f"visible to SELECT, {RATE:,} posts/s")
                _feed(feeder, material, "lone", 1, max(3.0, 20 * scale))
                lone_visible = _visible(running, watch, "lone", "visible to SELECT, 1 post/s")
            lone = Line("row, 1 post/s", *_row(running, "lone"))
    lines = (steady, visible, lone, lone_visible)
    return Section(
        "latency",
        "Latency: from Kafka to the row",
        "One worker, embedded Kafka and ClickHouse, warm. *Row*: from the record's Kafka timestamp to `landed_at` of "
        "its row (the insert's start). *Visible*: to the first `SELECT count()` that counts it, asked every 20 ms.",
        ("ms", "p50", "p95", "p99", "posts"),
        [line.cells() for line in lines],
        [
            Figure(f"post → row at {RATE:,}/s, p50", f"{steady.p50:.3f} s", "≤ 0.15 s", steady.p50 <= 0.15),
            Figure(f"post → row at {RATE:,}/s, p99", f"{steady.p99:.3f} s", "≤ 0.3 s", steady.p99 <= 0.3),
        ],
    )


def _feed(feeder: Feeder, material: Material, name: str, rate: float, seconds: float) -> None:
    feed_steadily(feeder, numbered(material.posts, name), rate, seconds)
    feeder.wait_committed(LIMIT)


def _row(running: Stack, name: str) -> tuple[float, float, float, int]:
    found = latency(running, name)
    return found.p50, found.p95, found.p99, found.rows


def _visible(running: Stack, watch: Watch, name: str, what: str) -> Line:
    before = running.rows(
        "SELECT count() FROM posts WHERE landed_at < (SELECT min(landed_at) FROM posts "
        "WHERE startsWith(post_id, {name:String}))",
        name=f"{name}-",
    )[0][0]
    rows = running.rows(
        "SELECT toUnixTimestamp64Milli(appended_at) / 1000, toUnixTimestamp64Milli(landed_at) / 1000 FROM posts "
        "WHERE startsWith(post_id, {name:String}) ORDER BY landed_at",
        name=f"{name}-",
    )
    watch.wait_for(before + len(rows))
    found = waits(watch.seen, before, [(appended, landed) for appended, landed in rows])
    return Line(what, percentile(found, 0.5), percentile(found, 0.95), percentile(found, 0.99), len(found))
