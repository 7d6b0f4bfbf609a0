"""Empty agents: they count what they get and do nothing with it.

Each prints one JSON line: records a second and CPU from the first delivery to the last; the first one,
whatever its size, starts the clock and is not counted.
"""

import argparse
import json
import os
import tempfile
import time
import uuid
from collections.abc import Callable
from typing import Any


class Meter:
    """Counts records and ends the process when it has seen them all."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._seen = self._first = 0
        self._wall = self._cpu = 0.0

    def add(self, number: int) -> None:
        """So many more records."""
        if not self._seen:
            self._first, self._wall, self._cpu = number, time.perf_counter(), time.process_time()
        self._seen += number
        if self._seen >= self._total:
            wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
            counted = self._seen - self._first
            print(json.dumps({"rate": counted / wall, "cpu_us": cpu / counted * 1e6}), flush=True)
            os._exit(0)


def koubei(bootstrap: str, topic: str, meter: Meter) -> None:
    """Our transport with the worker's own settings."""
    from prometheus_client import CollectorRegistry

    from streams.agents.app import build_app
    from streams.agents.transport import Worker
    from streams.broker.address import Broker
    from streams.broker.epoch import is_embedded
    from streams.config import KafkaSettings, WorkerSettings
    from streams.telemetry.events import WorkerEvents

    kafka = KafkaSettings(bootstrap=bootstrap, group=group())
    app = build_app(kafka, WorkerSettings(), kafka.group, embedded=is_embedded(Broker.of(kafka)))
    app.events = WorkerEvents(CollectorRegistry())
    app.end = lambda code, message: os._exit(code)

    @app.agent(
        app.topic(topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    )
    async def count(stream: Any) -> None:
        async for event in stream.noack().events():
            meter.add(len(event.value.offsets))
            event.ack()

    Worker(app, loglevel="ERROR", quiet=True, redirect_stdouts=False).execute_from_commandline()


def faust(bootstrap: str, topic: str, meter: Meter) -> None:
    """Faust as it comes: one event at a time."""
    import faust as stock

    app = stock.App(
        group(),
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=tempfile.mkdtemp(),
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_wait_empty=False,
        consumer_auto_offset_reset="earliest",
        stream_recovery_delay=0.0,
    )

    @app.agent(
        app.topic(topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    )
    async def count(stream: Any) -> None:
        async for _ in stream:
            meter.add(1)

    stock.Worker(app, loglevel="ERROR", quiet=True, redirect_stdouts=False).execute_from_commandline()


def quix(bootstrap: str, topic: str, meter: Meter) -> None:
    """Quix Streams."""
    from quixstreams import Application

    app = Application(
        bootstrap,
        consumer_group=group(),
        auto_offset_reset="earliest",
        auto_create_topics=False,
        state_dir=tempfile.mkdtemp(),
        loglevel="ERROR",
    )
    source = app.topic(topic, key_deserializer="bytes", value_deserializer="bytes")
    app.dataframe(source).update(lambda _: meter.add(1))
    app.run()


def bytewax(bootstrap: str, topic: str, meter: Meter) -> None:
    """Bytewax, counting whole batches at the sink: the least it can do."""
    import bytewax.operators as op
    from bytewax.connectors.kafka import KafkaSource
    from bytewax.dataflow import Dataflow
    from bytewax.outputs import DynamicSink, StatelessSinkPartition
    from bytewax.testing import run_main

    class Counting(StatelessSinkPartition[Any]):
        def write_batch(self, items: list[Any]) -> None:
            meter.add(len(items))

    class Sink(DynamicSink[Any]):
        def build(self, step_id: str, worker_index: int, worker_count: int) -> Counting:
            return Counting()

    flow = Dataflow("bench")
    op.output("count", op.input("kafka", flow, KafkaSource([bootstrap], [topic])), Sink())
    run_main(flow)  # type: ignore[no-untyped-call]


CONTENDERS: dict[str, Callable[[str, str, Meter], None]] = {
    "koubei": koubei,
    "faust": faust,
    "quix": quix,
    "bytewax": bytewax,
}


def group() -> str:
    """A consumer group of its own: everyone reads from the start."""
    return f"bench-{uuid.uuid4().hex[:8]}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.contenders.engine")
    parser.add_argument("name", choices=CONTENDERS)
    parser.add_argument("--kafka", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--total", type=int, required=True)
    options = parser.parse_args()
    CONTENDERS[options.name](options.kafka, options.topic, Meter(options.total))


if __name__ == "__main__":
    main()
