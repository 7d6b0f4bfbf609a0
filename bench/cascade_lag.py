"""How far the cascades' tables are behind the shares that land while many cascades grow at once, on the full stack."""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from typing import NamedTuple

from bench.material import Material
from bench.servers import wait_for
from bench.watching import percentile
from streams.broker.address import Broker, landing_group
from streams.broker.feeder import Feeder
from streams.cli.bench import Stack, stack
from streams.store.client import Connection
from streams.topics.codec import encode
from streams.topics.registry import SHARES
from streams.topics.share import Share

WARM = 6.0
"""Seconds fed before the time counts: what is loaded late is loaded then."""

SECONDS = 20.0
LIMIT = 60.0
EVERY = 0.1
"""Seconds between two looks, the resolution."""

WATCHED = 200
"""Cascades that are looked at: the first half is shared most, the second half least."""

SPOKEN = 3
"""Every so many shares has words, which are analysed."""

TABLES = {"standing": "shares", "shapes": "size - 1"}


class Result(NamedTuple):
    """How far the tables were behind.

    Attributes:
        landed: seconds from a share's Kafka timestamp to its row.
        counted: table → seconds from there to the first look at which the cascade's row counted the share.
        rate: shares a second as they were taken.
        cascades: how many had shares.
    """

    landed: list[float]
    counted: dict[str, list[float]]
    rate: float
    cascades: int


class Look(NamedTuple):
    """Shares that the row of each watched cascade counted at a time (Unix seconds)."""

    at: float
    counted: Mapping[str, int]


class Watch:
    """Looks at the rows of the watched cascades again and again, in a thread of its own."""

    def __init__(self, running: Stack, watched: Sequence[str]) -> None:
        self.looks: dict[str, list[Look]] = {table: [] for table in TABLES}
        self._url, self._watched = running.url, watched
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def counted(self) -> int:
        """Shares that both tables have counted of the watched cascades."""
        return min(sum(looks[-1].counted.values()) if looks else 0 for looks in self.looks.values())

    def _look(self) -> None:
        connection = Connection(self._url)
        while not self._stop.wait(EVERY):
            for table, counted in TABLES.items():
                sql = f"SELECT root_id, {counted} FROM cascade_{table} FINAL WHERE root_id IN {{ids:Array(String)}}"  # noqa: S608
                found = dict(connection.query(sql, {"ids": self._watched}).rows)
                self.looks[table].append(Look(time.time(), found))
        connection.close()


def measure(material: Material, *, rate: int, roots: int, scale: float) -> Result:
    """Feed shares of `roots` cascades at `rate` a second and watch a few of these."""
    names = [f"r{number:08d}" for number in range(roots)]
    half = WATCHED // 2
    watched = [*names[:half], *names[-half:]]
    with stack("kafka,clickhouse,worker") as running:
        broker, group = Broker.of(running.kafka), landing_group(running.kafka)
        with Feeder(broker, group) as feeder, Watch(running, watched) as watch:
            shares = _shares(names, [post.text for post in material.posts])
            _feed(feeder, shares, rate, WARM)
            began = time.time()
            sent = _feed(feeder, shares, rate, max(2.0, SECONDS * scale))
            took = time.time() - began
            feeder.wait_committed(LIMIT)
            rows = running.rows(
                "SELECT root_id, arraySort(groupArray((toUnixTimestamp64Milli(appended_at) / 1000, "
                "toUnixTimestamp64Milli(landed_at) / 1000))) FROM shares_latest "
                "WHERE root_id IN {ids:Array(String)} GROUP BY root_id",
                ids=watched,
            )
            total = sum(len(shares) for _, shares in rows)
            wait_for(f"{total:,} shares counted", lambda: watch.counted() >= total)
            ((cascades,),) = running.rows("SELECT count() FROM cascade_standing FINAL")
        landed = {root: [at for _, at in shares] for root, shares in rows}
        found = {table: lags(watch.looks[table], landed, began) for table in TABLES}
    waited = sorted(row - came for _, shares in rows for came, row in shares if row >= began)
    return Result(waited, found, sent / took, cascades)


def lags(looks: Sequence[Look], landed: Mapping[str, Sequence[float]], since: float) -> list[float]:
    """Seconds from each share's landing to the first look that counted it, sorted.

    Args:
        looks: in the order of time; the last one counts everything.
        landed: when the shares of each cascade landed, in order: a row that counts n shares counts the first n.
        since: shares that landed before are left out.
    """
    done: defaultdict[str, int] = defaultdict(int)
    found = []
    for look in looks:
        for root, counted in look.counted.items():
            fresh = landed.get(root, ())[done[root] : counted]
            found += [look.at - at for at in fresh if at >= since]
            done[root] = max(done[root], counted)
    return sorted(found)


def _shares(names: Sequence[str], texts: Sequence[str]) -> Iterator[Share]:
    """Shares of cascades of very different size, each below its root or an earlier share of it."""
    chance, counts, words = random.Random(0), [0] * len(names), cycle(texts)
    while True:
        number = int(len(names) * chance.random() ** 3)
        root, count = names[number], counts[number]
        counts[number] += 1
        parent = f"{root}x{chance.randrange(count)}" if count and chance.random() < 0.4 else root
        yield Share(
            platform="微博",
            share_id=f"{root}x{count}",
            root_id=root,
            parent_id=parent,
            user_id=f"{chance.getrandbits(48):012x}",
            shared=time.time(),
            text="" if count % SPOKEN else next(words)[:60],
        )


def _feed(feeder: Feeder, shares: Iterator[Share], rate: int, seconds: float) -> int:
    started, sent, total = time.monotonic(), 0, int(rate * seconds)
    while sent < total:
        due = min(total, int((time.monotonic() - started) * rate) + 1)
        for share in islice(shares, due - sent):
            feeder.send(SHARES, SHARES.key(share), encode(share))
            sent += 1
        time.sleep(max(0.0, min(0.01, started + (sent + 1) / rate - time.monotonic())))
    feeder.flush()
    return sent


def line(values: Sequence[float]) -> str:
    """p50, p95 and the maximum of sorted seconds."""
    return f"{percentile(values, 0.5):.2f}, {percentile(values, 0.95):.2f}, {values[-1]:.2f}"
