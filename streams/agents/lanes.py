"""Lanes: where the CPU work happens and the columns live, each with its own ClickHouse connection.

A lane is one process (or thread) that runs one call at a time. The parent sends raw bytes and gets back
which records were bad; decoded records and columns never travel. See docs/adr/0001.
"""

import asyncio
import gc
import os
import signal
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from hashlib import sha1
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from streams.alerts.matches import Match, verdicts
from streams.config import Settings, shipped
from streams.parent import die_with, gone
from streams.store import hits
from streams.store.client import Connection
from streams.store.rows import Columns, Source, take
from streams.store.tables import BY_TOPIC
from streams.telemetry import log
from streams.topics import codec

if TYPE_CHECKING:
    from streams.agents.judge import Judge

TOLERANCE_MS = 600_000
"""How much the broker's clock may run ahead of ClickHouse's before read-back would miss a row."""

BatchName = tuple[str, int]
"""Topic and number of a batch."""

Record = tuple[bytes, bytes]
"""Key and value of a Kafka record."""


class Bad(NamedTuple):
    """A record that cannot become a row: its position in the batch and why."""

    at: int
    reason: str
    detail: str


class Job(Protocol):
    """What a lane does with one topic's records. Built inside the lane."""

    table: str

    def rows(self, values: Sequence[bytes | None], source: Source) -> tuple[Columns, list[Bad]]:
        """Columns of the good records, in order, and the bad ones."""
        ...


class Work(NamedTuple):
    """One batch as it travels to a lane.

    Attributes:
        topic: bare topic name, names the job.
        values: the records' bytes.
        epoch: ordinal of the topic's incarnation.
        partitions: (partition, how many of the records) in order.
        offsets: offsets of the records.
        stamps: their Kafka timestamps, Unix milliseconds.
    """

    topic: str
    values: list[bytes | None]
    epoch: int
    partitions: list[tuple[int, int]]
    offsets: Sequence[int]
    stamps: Sequence[int]


class Computed(NamedTuple):
    """What the parent learns of a batch.

    Attributes:
        rows: how many rows it became.
        bad: the records that cannot become rows.
        hits: how many of them a rule matched.
        oldest: time of its oldest event, Unix milliseconds; 0 without rows.
        seconds: how long the work took.
        outdated: what could not be loaded anew (lexicons, rules) → why; the version before is in use.
    """

    rows: int
    bad: list[Bad]
    hits: int
    oldest: int
    seconds: float
    outdated: dict[str, str]


class _Held(NamedTuple):
    table: str
    epoch: int
    columns: Columns
    where: list[tuple[int, int]]


class LaneState:
    """The inside of a lane: jobs, connection and the columns of the batches it holds."""

    def __init__(self, jobs: dict[str, Job], judge: "Judge", connection: Connection) -> None:
        self.jobs = jobs
        self.judge = judge
        self.connection = connection
        self.held: dict[BatchName, _Held] = {}

    def compute(self, batch: BatchName, work: Work) -> Computed:
        """Decode and analyse a batch and hold its columns."""
        started = time.perf_counter()
        partitions = [partition for partition, n in work.partitions for _ in range(n)]
        source = Source(work.epoch, partitions, work.offsets, work.stamps)
        job = self.jobs[work.topic]
        self.judge.renew()
        columns, bad = job.rows(work.values, source)
        refused = {record.at for record in bad}
        where = [
            place
            for index, place in enumerate(zip(partitions, work.offsets, strict=True))
            if index not in refused
        ]
        self.held[batch] = _Held(job.table, work.epoch, columns, where)
        oldest = min(columns.get(BY_TOPIC[work.topic].time, ()), default=0)
        hit = sum(map(bool, columns.get("hits.rule", ())))
        seconds = time.perf_counter() - started
        return Computed(len(where), bad, hit, oldest, seconds, dict(self.judge.outdated))

    def insert(self, batch: BatchName, low: int, high: int) -> float:
        """Insert rows `low` to `high` of a held batch; the same rows always carry the same token."""
        held = self.held[batch]
        started = time.perf_counter()
        # Without the epoch, a topic made anew would repeat the tokens of its first offsets: rows lost in silence.
        rows = f"{held.table}:{held.epoch}:{held.where[low:high]}"
        token = sha1(rows.encode(), usedforsecurity=False).hexdigest()
        columns = held.columns if (low, high) == (0, len(held.where)) else take(held.columns, low, high)
        settings: dict[str, Any] = {"insert_deduplication_token": token}
        ids = columns.get(BY_TOPIC[batch[0]].ident, ())
        if len(set(ids)) == len(ids):
            # Nothing repeats: looking for rows with one key costs ClickHouse more than all else of an insert.
            settings["optimize_on_insert"] = 0
        self.connection.insert(held.table, columns, settings=settings)
        return time.perf_counter() - started

    def verdicts(self, batch: BatchName, refused: frozenset[tuple[int, int]]) -> list[Record]:
        """What rules say of a held batch, as records for the topic `alerts`.

        Args:
            batch: which, landed by now.
            refused: partition and offset of what ClickHouse did not take.
        """
        topic, _ = batch
        held = self.held[batch]
        matches = hits.of_columns(held.columns, BY_TOPIC[topic], refused)
        return self._told(topic, held.epoch, matches)

    def stored_verdicts(
        self, topic: str, epoch: int, landed: Mapping[int, Sequence[int]], since: int
    ) -> list[Record]:
        """What rules said of records that a predecessor landed, from their rows: they are not judged anew.

        Args:
            topic: bare name.
            epoch: ordinal of its incarnation.
            landed: partition → offsets, ascending.
            since: Unix milliseconds, in Kafka's time, before which none of them landed.
        """
        table = BY_TOPIC[topic]
        if "hits.rule" not in table.columns:
            return []
        matches = hits.stored(self.connection, table, epoch, landed, since - TOLERANCE_MS)
        return self._told(topic, epoch, matches)

    def _told(self, topic: str, epoch: int, matches: Iterable[Match]) -> list[Record]:
        found = verdicts(matches, self.judge.rule, topic=topic, epoch=epoch, now=self.judge.clock.now())
        return [(verdict.dedup_key.encode(), codec.encode(verdict)) for verdict in found]

    def place(self, batch: BatchName, row: int) -> tuple[int, int]:
        """Partition and offset of a row."""
        return self.held[batch].where[row]

    def drop(self, batch: BatchName) -> None:
        """Forget a batch."""
        self.held.pop(batch, None)

    def close(self) -> None:
        """Hang up."""
        self.connection.close()


class State(Protocol):
    """What lives in a lane: its methods are called by name, one at a time."""

    def close(self) -> None:
        """Let go of everything."""
        ...


class Recipe(Protocol):
    """All a lane needs to build its state in a fresh process; it is pickled."""

    def build(self) -> State:
        """The state, built where the lane lives."""
        ...


class LaneRecipe(NamedTuple):
    """The recipe of a lane that analyses and lands.

    Attributes:
        url: the writing account of ClickHouse.
        worker: name of the worker it belongs to.
        sentiment: name of the sentiment engine.
        calibration: what `koubei sentiment calibrate` made, if anything.
        lexicons: folders of lexicons, the shipped one first, later ones over earlier.
        cache: folder for the last lexicons that could be loaded.
        timeout: seconds to wait for ClickHouse's answers.
    """

    url: str
    worker: str
    sentiment: str
    calibration: Path | None
    lexicons: tuple[Path, ...]
    cache: Path
    timeout: float = 10.0

    @classmethod
    def of(cls, settings: Settings, worker: str) -> "LaneRecipe":
        """The recipe for lanes of the worker with this name."""
        own = settings.text.lexicons
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return cls(
            settings.store.url.get_secret_value(),
            worker,
            settings.text.sentiment,
            settings.text.calibration,
            (shipped("lexicons"), own) if own else (shipped("lexicons"),),
            Path(cache) / "koubei",
        )

    def build(self) -> LaneState:
        """The state, built where the lane lives: the parent never loads the text core."""
        from streams.agents import jobs

        return jobs.build(self)


_state: State | None = None


def _start_process(recipe: Recipe, parent: int) -> None:
    """First call in a lane process: die with the parent, stay out of its signals, build the state."""
    global _state
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    log.configure()
    _die_with(parent)
    _state = recipe.build()
    _calm_collector()


def _die_with(parent: int) -> None:
    """An orphaned lane could insert after its successor's read-back: it must not outlive its parent."""
    die_with(parent, signal.SIGKILL)

    def watch() -> None:
        while not gone(parent):
            time.sleep(0.2)
        os._exit(72)

    threading.Thread(target=watch, daemon=True).start()


def _calm_collector() -> None:
    """A batch makes a quarter of a million lists and no cycle: the collector would walk them for nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(1_000_000, 20, 50)


def _in_process(method: str | None, *args: Any) -> Any:
    assert _state is not None
    return getattr(_state, method)(*args) if method else None


class Lane:
    """One executor with one worker, and the state behind it."""

    def __init__(self, kind: str, recipe: Recipe) -> None:
        self._executor: Executor
        self._thread_state: State | None = None
        self._recipe = recipe
        self._threaded = kind == "thread"
        if self._threaded:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="lane")
        else:
            self._executor = ProcessPoolExecutor(
                1, mp_context=get_context("spawn"), initializer=_start_process, initargs=(recipe, os.getpid())
            )

        # Build the state now, beside whatever else starts, instead of under the first batch.
        self._first = self._executor.submit(self._in_thread if self._threaded else _in_process, None)

    async def warm(self) -> None:
        """Wait until the lane is built. Raises what went wrong there."""
        await asyncio.wrap_future(self._first)

    async def call(self, method: str, *args: Any) -> Any:
        """Run a method of the lane's state; calls are served in order."""
        loop = asyncio.get_running_loop()
        run = self._in_thread if self._threaded else _in_process
        return await loop.run_in_executor(self._executor, run, method, *args)

    def _in_thread(self, method: str | None, *args: Any) -> Any:
        if self._thread_state is None:
            self._thread_state = self._recipe.build()
            _calm_collector()
        return getattr(self._thread_state, method)(*args) if method else None

    def close(self) -> None:
        """End the lane; what it was doing is abandoned."""
        self._executor.shutdown(wait=False, cancel_futures=True)
