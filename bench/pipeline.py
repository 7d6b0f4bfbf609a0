"""The whole pipeline: JSON in Kafka to rows in ClickHouse, beside the usual agent and stock Faust."""

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlsplit

from bench.contenders.pipeline import TUTORIAL_TABLE
from bench.material import Material, preload
from bench.report import Figure, Section, ratio, ratios, spread
from bench.servers import Failed, Process, worker
from streams.cli.bench import Stack, cpu, numbered, processes, stack
from streams.errors import StoreUnavailable
from streams.store.client import Connection
from streams.store.migrate import migrate
from streams.topics.registry import POSTS

POLL = 0.1
OURS_LIMIT, OTHERS_LIMIT = 60.0, 12.0
"""Seconds: ours lands everything and is checked; of the others a part tells their pace."""
CHILDREN = "worker lanes"
NAMES = {
    "koubei": "koubei, one worker",
    "same": "stock Faust, same work and sink, 10,000-row batches in a thread",
    "tutorial": "the usual agent: Faust, json, jieba, SnowNLP, insert per 100",
}


@dataclass(frozen=True)
class Pace:
    """One contender in one round: posts a second, CPU µs a post by process, MB of memory at start and end."""

    rate: float
    cpu_us: dict[str, float]
    memory: dict[str, tuple[float, float]]

    @property
    def total(self) -> float:
        return sum(self.cpu_us.values())


def run(material: Material, *, scale: float, rounds: int) -> Section:
    total = int(300_000 * scale)
    paces: dict[str, list[Pace]] = {name: [] for name in NAMES}
    with stack("kafka,clickhouse") as running:
        values = islice(numbered(material.posts, "backlog"), total)
        size = preload(running.kafka.bootstrap, POSTS.name, values, POSTS.partitions, "zstd")
        for number in range(1, rounds + 1):
            for name in NAMES:
                limit = OURS_LIMIT if name == "koubei" else OTHERS_LIMIT * scale**0.5
                pace = _round(running, name, number, total, limit)
                paces[name].append(pace)
                print(f"pipeline {number}/{rounds} {name}: {pace.rate:,.0f}/s", file=sys.stderr)
    return _section(paces, total, size / total, material.origin)


def _round(running: Stack, name: str, number: int, total: int, limit: float) -> Pace:
    group, database = f"bench-{name}-{number}", f"bench_{name}_{number}"
    with _database(running, database, name) as url:
        kafka = running.kafka.bootstrap
        if name == "koubei":
            contender = worker(kafka, url, group)
        else:
            command = (name, "--kafka", kafka, "--group", group, "--url", url)
            contender = Process("bench.contenders.pipeline", *command)
        connection = Connection(url)
        try:
            if name == "koubei":
                contender.said(60)
            table = "tutorial" if name == "tutorial" else "posts"
            roots = {key: running.running.processes[key] for key in ("kafka", "clickhouse")}
            roots["worker"] = contender.pid
            pace = _watch(lambda: _count(connection, table), roots, total, limit)
            if name == "koubei":
                _check(connection, total)
        except Failed as error:
            raise contender.failed(str(error)) from error
        finally:
            connection.close()
            contender.end()
    return pace


def _count(connection: Connection, table: str) -> int:
    """Rows now; 0, which is no news, while the store is too busy to say."""
    try:
        return int(connection.query(f"SELECT count() FROM {table}").rows[0][0])
    except StoreUnavailable:
        return 0


class Look(NamedTuple):
    """What is known at the moment when the number of rows changed."""

    rows: int
    at: float
    cpu: dict[str, float]
    memory: dict[str, float]


def _watch(landed: Callable[[], int], roots: Mapping[str, int], total: int, limit: float) -> Pace:
    """From the first rows seen to the last ones, both at the moment when the count changes.

    CPU counts from before the first rows when those are the first of many batches under way.
    """
    looks = [_look(0, roots)]
    deadline = time.monotonic() + 60
    while looks[-1].rows < total and time.monotonic() < deadline:
        rows = landed()
        if rows > looks[-1].rows:
            looks.append(_look(rows, roots))
            if len(looks) == 2:
                deadline = looks[-1].at + limit
        time.sleep(POLL)
    if len(looks) < 3:
        raise Failed(f"landed {looks[-1].rows} rows of {total}")
    kinds = {str(pid): _kind(pid) for pid in processes(roots).get(CHILDREN, [])}
    first, last = _by_kind(looks[1], kinds), _by_kind(looks[-1], kinds)
    before = _by_kind(looks[0], kinds)
    # A contender that was not ready at the first look had its start-up still before it.
    base = before if CHILDREN in before.cpu else first
    return Pace(
        (last.rows - first.rows) / (last.at - first.at),
        {
            key: (used - base.cpu.get(key, 0.0)) / (last.rows - base.rows) * 1e6
            for key, used in last.cpu.items()
        },
        {key: (first.memory.get(key, held), held) for key, held in last.memory.items()},
    )


def _look(rows: int, roots: Mapping[str, int]) -> Look:
    """Each child of the worker by itself: which is which is known when all of them have begun their work."""
    groups = processes(roots)
    groups |= {str(pid): [pid] for pid in groups.pop(CHILDREN, [])}
    used = {key: cpu(pids) for key, pids in groups.items()}
    return Look(rows, time.monotonic(), used, {key: rss(pids) for key, pids in groups.items()})


def _kind(pid: int) -> str:
    """What a child of the worker is: the process of the derived tables stands back behind the lanes."""
    return "worker derived" if os.getpriority(os.PRIO_PROCESS, pid) > 0 else CHILDREN


def _by_kind(look: Look, kinds: Mapping[str, str]) -> Look:
    def summed(values: dict[str, float]) -> dict[str, float]:
        found: dict[str, float] = {}
        for key, value in values.items():
            kind = kinds.get(key, key)
            found[kind] = found.get(kind, 0.0) + value
        return found

    return look._replace(cpu=summed(look.cpu), memory=summed(look.memory))


def rss(pids: list[int]) -> float:
    """MB of memory that processes hold."""
    pages = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
                pages += int(statm.read().split()[1])
        except OSError:
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def _database(running: Stack, name: str, contender: str) -> Iterator[str]:
    """A database of its own for each run, gone afterwards."""
    url = urlsplit(running.url)._replace(path=f"/{name}").geturl()
    migrate(url)
    connection = Connection(url)
    try:
        if contender == "tutorial":
            connection.execute(TUTORIAL_TABLE)
        yield url
        connection.execute(f"DROP DATABASE {name}")
    finally:
        connection.close()


def _check(connection: Connection, total: int) -> None:
    """What is quick must also be right: each post once."""
    found = connection.query(
        "SELECT count(), uniqExact(post_id), uniqExact(src_partition, src_offset) FROM posts"
    ).rows
    if found != [(total, total, total)]:
        raise Failed(f"of {total} posts there are {found[0]} rows, ids and places")


def _section(paces: dict[str, list[Pace]], total: int, size: float, origin: str) -> Section:
    rates = {name: [pace.rate for pace in found] for name, found in paces.items()}
    ours = paces["koubei"]
    rows = [
        (
            NAMES[name],
            spread(rates[name]),
            spread([pace.total for pace in found], ",.0f"),
            "1" if name == "koubei" else ratios(rates["koubei"], rates[name]),
        )
        for name, found in paces.items()
    ]
    parts = ", ".join(
        f"{key} {statistics.median(pace.cpu_us.get(key, 0.0) for pace in ours):.1f}" for key in ours[0].cpu_us
    )
    held = {
        key: tuple(statistics.median(pace.memory[key][side] for pace in ours) for side in (0, 1))
        for key in ours[0].memory
    }
    memory = ", ".join(f"{key} {before:.0f} → {after:.0f}" for key, (before, after) in held.items())
    grown = held["worker"][1] / held["worker"][0]
    rate, spent = statistics.median(rates["koubei"]), statistics.median(pace.total for pace in ours)
    return Section(
        "pipeline",
        "The whole pipeline: JSON in Kafka → row in ClickHouse",
        f"A backlog of {total:,} posts of {size:.0f} bytes ({origin}) in the embedded Kafka, "
        f"{POSTS.partitions} partitions, landed by one contender at a time into the embedded ClickHouse on the same "
        "machine, everything on: decoding, segmentation, sentiment, brands, columns, insert. Each run has its own "
        "database and group; the slower ones are stopped after 12 s. From the first rows visible to SELECT to the "
        "last. CPU is that of Kafka, ClickHouse and the contender together. Only koubei's rows are checked: each "
        "post is there once.",
        ("contender", "posts/s", "CPU µs a post", "koubei is"),
        rows,
        [
            Figure("posts a second, one worker and the store", f"{rate:,.0f}", "≥ 30,000", rate >= 30_000),
            Figure("CPU µs a post, all processes", f"{spent:.0f}", "≤ 45", spent <= 45),
            Figure(
                "pipeline, against the usual agent",
                ratios(rates["koubei"], rates["tutorial"]),
                "≥ 200 ×",
                ratio(rates["koubei"], rates["tutorial"]) >= 200,
            ),
            Figure(
                "pipeline, against stock Faust with the same work",
                ratios(rates["koubei"], rates["same"]),
                "≥ 5 ×",
                ratio(rates["koubei"], rates["same"]) >= 5,
            ),
            Figure(
                "worker's memory, MB from the first rows to the last",
                f"{held['worker'][0]:.0f} → {held['worker'][1]:.0f}",
                "≤ 300, flat",
                held["worker"][1] <= 300 and grown <= 1.15,
            ),
        ],
        [
            f"CPU µs a post by process, koubei: {parts}. The process of the derived tables starts with the first rows: "
            "its start is in its share.",
            f"Memory in MB, first rows → last rows: {memory}.",
        ],
    )
