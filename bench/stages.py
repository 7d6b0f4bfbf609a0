"""Where a lane's CPU goes: one batch after the other in this process, stage by stage."""

import pickle
import sys
import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from bench.material import Material
from bench.report import Section, spread
from streams.agents.lanes import LaneRecipe, LaneState, Work
from streams.cli.bench import cpu, numbered, stack
from streams.config import shipped
from streams.text.toolkit import Toolkit

analysis: Any = import_module("streams.text.analyse")
jobs: Any = import_module("streams.agents.jobs")
lanes: Any = import_module("streams.agents.lanes")

BATCH = 10_000
STAGES = (
    "from the parent",
    "decode",
    "normalise",
    "segment",
    "sentiment",
    "brand terms",
    "tone toward brands",
    "aspects, stage, intent",
    "fingerprint",
    "rules",
    "columns",
    "rest of the batch",
    "insert",
)


class Stopwatch:
    """CPU seconds of this thread by stage; time in a nested stage is not its caller's."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inner = [0.0]

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, its time counted for the stage."""

        def call(*args: Any, **kwargs: Any) -> Any:
            self._inner.append(0.0)
            began = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                whole = time.thread_time() - began
                self.seconds[stage] += whole - self._inner.pop()
                self._inner[-1] += whole

        return call

    def method(self, stage: str, inner: Any, *names: str) -> Any:
        """The same object with some of its methods timed."""
        timed = {name: staticmethod(self.timed(stage, getattr(inner, name))) for name in names}
        return type("Timed", (), {**timed, "__getattr__": lambda _, other: getattr(inner, other)})()

    def toolkit(self, plain: Toolkit) -> Toolkit:
        """The same tools, each with its stage."""
        return plain._replace(
            segmenter=self.method("segment", plain.segmenter, "cut"),
            engine=self.method("sentiment", plain.engine, "judge"),
            terms=self.method("brand terms", plain.terms, "find"),
            toward=self.method("tone toward brands", plain.toward, "plan", "mentions"),
            aspects=self.method("aspects, stage, intent", plain.aspects, "find"),
            journey=self.method("aspects, stage, intent", plain.journey, "read"),
        )


def run(material: Material, *, scale: float, rounds: int) -> Section:
    batches = max(1, int(5 * scale))
    values: list[bytes | None] = list(islice(numbered(material.posts, "stages"), BATCH))
    found: dict[str, list[float]] = {stage: [] for stage in STAGES}
    store: list[float] = []
    with stack("kafka,clickhouse") as running:
        recipe = LaneRecipe(
            running.url, "bench", "hybrid", None, (shipped("lexicons"),), Path.home() / ".cache" / "koubei"
        )
        state = recipe.build()
        judge: Any = state.judge
        toolkit = judge._toolkit
        lanes._calm_collector()
        front = [running.running.processes["clickhouse"]]
        for number in range(rounds + 1):
            watch, before = Stopwatch(), cpu(front)
            judge._toolkit = watch.toolkit(toolkit)
            with _timed_functions(watch, judge):
                for batch in range(batches):
                    _land(state, watch, values, number * batches + batch)
            time.sleep(1)  # merges belong to the store's work
            if not number:
                continue  # the first round warms what is loaded late
            for stage in STAGES:
                found[stage].append(watch.seconds[stage] / BATCH / batches * 1e6)
            store.append((cpu(front) - before) / BATCH / batches * 1e6)
            print(f"stages {number}/{rounds}: {sum(watch.seconds.values()):.2f} s", file=sys.stderr)
    rows = [(stage, spread(found[stage], ".2f")) for stage in STAGES]
    rows.append(
        ("**lane in all**", spread([sum(column) for column in zip(*found.values(), strict=True)], ".1f"))
    )
    rows.append(("ClickHouse (embedded), merges included", spread(store, ".1f")))
    return Section(
        "stages",
        "CPU of a post, stage by stage",
        f"{batches} batches of {BATCH:,} posts ({material.origin}) through a lane's own code in one thread, "
        f"{rounds} rounds. The parent's and Kafka's shares are in the pipeline's line above.",
        ("stage", "CPU µs a post"),
        rows,
    )


@contextmanager
def _timed_functions(watch: Stopwatch, judge: Any) -> Iterator[None]:
    """Stages that are plain functions or methods are timed where they are looked up."""
    places = (
        (analysis, "normalise", "normalise"),
        (analysis, "fingerprints", "fingerprint"),
        (jobs, "_decoded", "decode"),
        (jobs.rows, "post_columns", "columns"),
        (judge, "_match", "rules"),
    )
    plain = [getattr(owner, name) for owner, name, _ in places]
    for function, (owner, name, stage) in zip(plain, places, strict=True):
        setattr(owner, name, watch.timed(stage, function))
    try:
        yield
    finally:
        for function, (owner, name, _) in zip(plain, places, strict=True):
            setattr(owner, name, function)


def _land(state: LaneState, watch: Stopwatch, values: list[bytes | None], number: int) -> None:
    first, stamp, name = number * BATCH, int(time.time() * 1000), ("posts", number)
    sent = pickle.dumps(
        Work(
            "posts",
            values,
            1,
            [(0, BATCH)],
            array("q", range(first, first + BATCH)),
            array("q", [stamp] * BATCH),
        )
    )
    work = watch.timed("from the parent", pickle.loads)(sent)
    watch.timed("rest of the batch", state.compute)(name, work)
    watch.timed("insert", state.insert)(name, 0, BATCH)
    watch.timed("rest of the batch", state.drop)(name)
