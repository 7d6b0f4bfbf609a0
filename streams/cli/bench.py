"""koubei bench: what this machine does, measured on a stack of its own in a temporary folder."""

import os
import select
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count, cycle, islice
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from streams.broker.address import Broker, landing_group
from streams.broker.feeder import Feeder
from streams.cli.common import Json, say, show_json
from streams.config import CONFIG_FILE, KafkaSettings
from streams.embedded import logs, state
from streams.embedded.machine import PROC
from streams.embedded.state import Running
from streams.embedded.supervisor import StartFailed
from streams.language import t
from streams.sources.simulator import simulate
from streams.store.client import Connection
from streams.topics.codec import encode
from streams.topics.post import Post
from streams.topics.registry import POSTS

TEXTS = 5_000
"""Different posts that are sent again and again under new ids."""

STEADY = 1_000
"""Posts a second while the latency is taken: well below what any machine can do."""

READY_WITHIN = 120.0
ENDS_WITHIN = 30.0
LANDS_WITHIN = 120.0

OWN_ROOMS = ("KOUBEI_KAFKA", "KOUBEI_STORE", "KOUBEI_EMBEDDED", "KOUBEI_WEB", "KOUBEI_CHANNELS")
"""Settings that would lead away from the temporary stack."""


class Stack:
    """A `koubei up` of our own, as another program would start it.

    Args:
        data: an empty folder for it.
        only: the parts to run, see `koubei up --only`.
        options: further options of `koubei up`.

    Raises:
        StartFailed: it did not become ready.
    """

    def __init__(self, data: Path, only: str, *options: str, config: str = "") -> None:
        self.data = data
        (data / CONFIG_FILE).write_text(config, "utf-8")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(OWN_ROOMS)}
        command = [
            sys.executable,
            "-m",
            "streams",
            "up",
            "--json",
            "--only",
            only,
            "--data",
            str(data),
            *options,
        ]
        self._output = data / "up.log"
        with self._output.open("wb") as output:
            # In its folder, so that a koubei.toml here does not send it elsewhere.
            self._process = subprocess.Popen(
                command, cwd=data, env=clean, stdout=subprocess.PIPE, stderr=output
            )
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], READY_WITHIN)
        if not readable or not self._process.stdout.readline():
            self.close()
            raise StartFailed(self._output.read_text("utf-8", "replace")[-2_000:], 69)

    @property
    def running(self) -> Running:
        """Addresses and processes as they are now."""
        known = state.running(self.data)
        if known is None:
            raise StartFailed(logs.path(self.data).read_text("utf-8", "replace")[-2_000:], 69)
        return known

    @property
    def kafka(self) -> KafkaSettings:
        """Settings of a client of this stack's Kafka."""
        return KafkaSettings(bootstrap=self.running.kafka or "")

    @property
    def url(self) -> str:
        """ClickHouse with the account that may do everything."""
        return self.running.clickhouse_admin or ""

    def rows(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        """The answer to a query. Raises as `Connection.query`."""
        connection = Connection(self.url)
        try:
            return connection.query(sql, params).rows
        finally:
            connection.close()

    def close(self) -> None:
        """End it, in order if it can."""
        self._process.terminate()
        try:
            self._process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextmanager
def stack(only: str, *options: str, config: str = "") -> Iterator[Stack]:
    """A stack in a temporary folder that is gone afterwards; `config` is its koubei.toml. Raises as `Stack`."""
    with tempfile.TemporaryDirectory(prefix="koubei-bench-", ignore_cleanup_errors=True) as folder:
        running = Stack(Path(folder), only, *options, config=config)
        try:
            yield running
        finally:
            running.close()


def material(texts: Sequence[str] = (), number: int = TEXTS) -> list[Post]:
    """Posts of the simulator; with `texts`, what they say is replaced by these in turn."""
    events = simulate(start=time.time(), rate=50.0, history=False)
    posts = list(islice((event.record for event in events if isinstance(event.record, Post)), number))
    if not texts:
        return posts
    return [msgspec.structs.replace(post, text=text) for post, text in zip(cycle(posts), texts, strict=False)]


def numbered(posts: Sequence[Post], name: str) -> Iterator[bytes]:
    """The posts over and over as JSON, each under an id of its own: NAME-0, NAME-1, ..."""
    now = time.time()
    for number, post in zip(count(), cycle(posts), strict=False):
        yield encode(msgspec.structs.replace(post, post_id=f"{name}-{number}", published=now))


def feed_steadily(feeder: Feeder, values: Iterator[bytes], rate: float, seconds: float) -> int:
    """Send at an even rate; returns how many. Raises as `Feeder.send`."""
    started, sent, total = time.monotonic(), 0, int(rate * seconds)
    while sent < total:
        due = min(total, int((time.monotonic() - started) * rate) + 1)
        for value in islice(values, due - sent):
            feeder.send(POSTS, b"%d" % sent, value)
            sent += 1
        time.sleep(max(0.0, min(0.01, started + (sent + 1) / rate - time.monotonic())))
    feeder.flush()
    return sent


@dataclass(frozen=True)
class Latency:
    """Seconds from a post's arrival in Kafka to its row, as ClickHouse tells."""

    p50: float
    p95: float
    p99: float
    rows: int


def latency(running: Stack, name: str) -> Latency:
    """The latency of the posts sent under `name`. Raises as `Connection.query`."""
    sql = (
        "SELECT quantiles(0.5, 0.95, 0.99)(dateDiff('millisecond', appended_at, landed_at)), count() "
        "FROM posts WHERE startsWith(post_id, {name:String})"
    )
    (quantiles, rows), *_ = running.rows(sql, name=f"{name}-")
    p50, p95, p99 = (value / 1000 for value in quantiles)
    return Latency(p50, p95, p99, rows)


def processes(roots: Mapping[str, int]) -> dict[str, list[int]]:
    """Each named process, and as `worker... lanes` the children that a worker works with."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for folder in PROC.glob("[0-9]*"):
        if fields := _stat(int(folder.name)):
            children[int(fields[1])].append(int(folder.name))
    found = {}
    for name, pid in roots.items():
        found[name] = [pid]
        if name.startswith("worker") and (below := children.get(pid)):
            found[f"{name} lanes"] = below
    return found


def cpu(pids: Sequence[int]) -> float:
    """CPU seconds that processes have used so far; 0 where there is no /proc to tell."""
    tick = os.sysconf("SC_CLK_TCK")
    return sum(int(f[11]) + int(f[12]) for f in map(_stat, pids) if f) / tick


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat behind the command, whose name may hold blanks and brackets."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


@dataclass(frozen=True)
class Outcome:
    """What `koubei bench --json` prints.

    Attributes:
        posts: how many were sent as fast as they landed.
        posts_per_second: from the first one sent to the last one landed.
        latency: at `steady_rate` posts a second.
        cpu_us_per_post: microseconds of CPU a post at full speed, by process.
        cores: how many this machine has.
    """

    posts: int
    posts_per_second: float
    steady_rate: int
    latency: Latency
    cpu_us_per_post: dict[str, float]
    cores: int


def bench(
    *,
    quick: Annotated[bool, Parameter(help=t("只测 5 秒", "Take five seconds only"))] = False,
    json: Json = False,
) -> int:
    """Start a temporary stack, feed it simulated posts, and tell how fast they land."""
    seconds = 2.5 if quick else 7.5
    say(t("启动临时的整套系统 ...", "Starting a temporary stack ..."))
    with stack("kafka,clickhouse,worker") as running:
        say(t(f"测量 {2 * seconds:.0f} 秒 ...", f"Measuring for {2 * seconds:.0f} s ..."))
        outcome = measure(running, seconds)
    if json:
        show_json(asdict(outcome))
    else:
        _print(outcome)
    return 0


def measure(running: Stack, seconds: float) -> Outcome:
    """Latency at a steady rate, then throughput, each for about `seconds`.

    Raises:
        BrokerUnavailable: the worker stopped landing.
    """
    posts, kafka = material(), running.kafka
    broker, group = Broker.of(kafka), landing_group(kafka)
    with Feeder(broker, group) as feeder:
        # The first batches load what is loaded late; nobody waits for those.
        feed_steadily(feeder, numbered(posts, "warm"), STEADY, 1.0)
        feeder.wait_committed(LANDS_WITHIN)
        feed_steadily(feeder, numbered(posts, "steady"), STEADY, seconds)
        feeder.wait_committed(LANDS_WITHIN)
        roots = processes(running.running.processes | {"feeder": os.getpid()})
        before = {name: cpu(pids) for name, pids in roots.items()}
        started = time.monotonic()
        sent = 0
        for value in numbered(posts, "full"):
            feeder.send(POSTS, b"%d" % sent, value)
            sent += 1
            if not sent % 1_000 and time.monotonic() - started > seconds:
                break
        feeder.wait_committed(LANDS_WITHIN)
        took = time.monotonic() - started
        used = {name: cpu(pids) - before[name] for name, pids in roots.items() if name in before}
    return Outcome(
        posts=sent,
        posts_per_second=round(sent / took, 1),
        steady_rate=STEADY,
        latency=latency(running, "steady"),
        cpu_us_per_post={name: round(value / sent * 1e6, 2) for name, value in used.items() if value},
        cores=os.cpu_count() or 1,
    )


def _print(outcome: Outcome) -> None:
    wait = outcome.latency
    print(
        t(
            f"吞吐  每秒 {outcome.posts_per_second:,.0f} 帖（{outcome.posts:,} 帖，Kafka → ClickHouse 的行）\n"
            f"延迟  每秒 {outcome.steady_rate:,} 帖时，从进入 Kafka 到成为行："
            f"p50 {wait.p50 * 1000:.0f} 毫秒，p95 {wait.p95 * 1000:.0f}，p99 {wait.p99 * 1000:.0f}",
            f"rate     {outcome.posts_per_second:,.0f} posts/s ({outcome.posts:,} posts, Kafka → row in ClickHouse)\n"
            f"latency  at {outcome.steady_rate:,} posts/s, from Kafka to the row: "
            f"p50 {wait.p50 * 1000:.0f} ms, p95 {wait.p95 * 1000:.0f}, p99 {wait.p99 * 1000:.0f}",
        )
    )
    total = sum(outcome.cpu_us_per_post.values())
    if not total:
        return
    print(
        t(
            f"CPU   每帖 {total:.0f} 微秒，{outcome.cores} 个核心",
            f"CPU      {total:.0f} µs a post, {outcome.cores} cores",
        )
    )
    for name, used in sorted(outcome.cpu_us_per_post.items(), key=lambda item: -item[1]):
        print(f"      {used:6.1f} µs  {used / total:4.0%}  {name}")
