"""The launch curve: 148,000 posts in the first second, then 4,237 a second."""

import sys
import threading
import time
from itertools import islice

from bench.material import Material
from bench.report import Figure, Section
from bench.watching import Seen, Watch, caught_up, when
from streams.broker.address import Broker, landing_group
from streams.broker.feeder import Feeder
from streams.broker.lag import lags
from streams.cli.bench import feed_steadily, numbered, stack
from streams.topics.registry import POSTS

BURST = 148_000
RATE = 4_237
AFTER = 15.0
CAUGHT_UP = 0.5
"""Seconds' worth of the going rate that are under way when nothing is behind."""

LIMIT = 120.0


def run(material: Material, *, scale: float, rounds: int) -> Section:
    number, after = int(BURST * scale), max(4.0, AFTER * scale)
    with stack("kafka,clickhouse,worker") as running:
        broker, group = Broker.of(running.kafka), landing_group(running.kafka)
        with Feeder(broker, group) as feeder:
            feed_steadily(feeder, numbered(material.posts, "warm"), RATE, 2.0)
            feeder.wait_committed(LIMIT)
            warm = feeder.sent["posts"]
            # Made beforehand: in a launch the posts come from elsewhere.
            values = list(islice(numbered(material.posts, "burst"), number))
            sent: list[Seen] = []
            stop = threading.Event()

            def tell() -> None:
                while not stop.wait(0.02):
                    sent.append(Seen(time.time(), feeder.sent["posts"]))

            teller = threading.Thread(target=tell, daemon=True)
            with Watch(running, 0.05) as watch:
                teller.start()
                began = time.time()
                for index, value in enumerate(values):
                    feeder.send(POSTS, b"%d" % index, value)
                feeder.flush()
                accepted = time.time()
                followers = feed_steadily(
                    feeder, numbered(material.posts, "after"), RATE, max(1.0, after - (accepted - began))
                )
                feeder.wait_committed(LIMIT)
                stop.set()
                teller.join(5)
                watch.wait_for(warm + number + followers)
        total = number + followers
        burst_landed = when(watch.seen, warm + number)
        drained = caught_up(sent, watch.seen, RATE * CAUGHT_UP)
        rows = running.rows(
            "SELECT count(), uniqExact(post_id) FROM posts WHERE startsWith(post_id, 'burst-') "
            "OR startsWith(post_id, 'after-')"
        )[0]
        dropped = sum(lag.lost for lag in lags(broker, group, ["posts"]))
    print(
        f"burst: accepted after {accepted - began:.1f} s, drained after {drained - began:.1f} s",
        file=sys.stderr,
    )
    lost, doubled = total - rows[1], rows[0] - rows[1]
    waited = drained - max(began + 1, accepted)
    return Section(
        "burst",
        "The launch curve",
        f"{number:,} posts as fast as Kafka takes them, then {RATE:,} a second ({after:.0f} s in all), one worker, "
        "embedded Kafka and ClickHouse, the feeder on the same cores. The embedded Kafka keeps 5 MB a partition, so "
        "the feeder holds back what it has no room for; a real one takes it at once. Drained: less than "
        f"{CAUGHT_UP} s of the going rate is neither landed nor visible to SELECT.",
        ("launch", "seconds after the first post"),
        [
            (f"Kafka has all {number:,} of the burst", f"{accepted - began:.1f}"),
            ("as many rows are visible to SELECT", f"{burst_landed - began:.1f}"),
            ("drained, the stream going on", f"{drained - began:.1f}"),
            ("posts sent in all", f"{total:,}"),
            ("lost, doubled, dropped by Kafka", f"{lost}, {doubled}, {dropped}"),
        ],
        [
            Figure(
                "launch burst: lost or doubled",
                f"{lost + doubled + dropped}",
                "0",
                lost == doubled == dropped == 0,
            ),
            Figure("launch burst: drained after it ended", f"{waited:.1f} s", "≤ 5 s", waited <= 5),
        ],
    )
