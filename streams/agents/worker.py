"""One landing worker from start to end: resolve, warm the lanes, run Faust, keep the fence."""

import asyncio
import gc
import json
import os
import socket
import sys
from collections.abc import Coroutine, Sequence
from typing import Any, NoReturn, cast

from streams.agents.app import EXIT_BUG, LandingApp, build_app, owns, register, session_timeout
from streams.agents.deriver import DeriverRecipe, Progress
from streams.agents.landing import Landing
from streams.agents.lanes import Lane, LaneRecipe, Record
from streams.agents.lease import EXIT_FENCED, FENCE, Lease
from streams.agents.letters import Letters
from streams.agents.readback import ReadBack
from streams.agents.transport import Consumer
from streams.agents.transport import Worker as FaustWorker
from streams.agents.tripwire import TripWire
from streams.broker.address import Broker, landing_group
from streams.broker.epoch import epoch_ids, is_embedded
from streams.clock import SYSTEM, Clock
from streams.config import Settings
from streams.errors import BadConfig, KoubeiError, Tripped
from streams.language import t
from streams.store import epochs, upkeep
from streams.store.client import Connection
from streams.telemetry import log
from streams.telemetry.events import WorkerEvents
from streams.topics.registry import ALERTS, LANDED, TOPICS

EXIT_TRIPPED = 78

UPKEEP_EVERY = 20.0
LAG_EVERY = 2.0
ELECTED_EVERY = 1.0
DERIVE_AGAIN = 5.0


class Worker:
    """The world outside of the landings (see `landing.Deps`), and the life of the process."""

    clock: Clock = SYSTEM

    def __init__(self, settings: Settings, *, resumed: bool) -> None:
        self._settings = settings
        self._resumed = resumed
        self.events = WorkerEvents()
        self.broker = Broker.of(settings.kafka)
        self._embedded = is_embedded(self.broker)
        self._name = settings.worker.instance or f"{socket.gethostname()}-{os.getpid()}"
        url = settings.store.url.get_secret_value()
        self.lanes: Sequence[Lane] = [
            Lane(settings.worker.lane_kind, LaneRecipe.of(settings, self._name))
            for _ in range(settings.worker.lanes)
        ]
        self.lease = Lease(
            FENCE * session_timeout(settings.worker, embedded=self._embedded),
            SYSTEM,
            self.events,
            self._fenced,
        )
        self.app: LandingApp = build_app(
            settings.kafka, settings.worker, landing_group(settings.kafka), embedded=self._embedded
        )
        self.bury = Letters(self.app, self.broker, self.clock).bury
        self._readback = ReadBack(url, self._name)
        self.landed_from = self._readback.landed_from
        self.landed = self._readback.landed
        self.note = self._readback.note
        self._tasks: list[asyncio.Task[None]] = []
        self._deriver: Lane | None = None

    def run(self) -> NoReturn:
        """Run until SIGTERM; the process ends with the worker."""
        url = self._settings.store.url.get_secret_value()
        ids = epoch_ids(self.broker, [topic.name for topic in TOPICS])
        if missing := [topic.name for topic in TOPICS if topic.name not in ids]:
            raise BadConfig(
                t(
                    f"Kafka {self.broker.bootstrap} 上没有主题 {'、'.join(missing)}：先运行 koubei topics create",
                    f"Kafka {self.broker.bootstrap} lacks {', '.join(missing)}: run koubei topics create first",
                )
            )
        connection = Connection(url)
        try:
            ordinals = epochs.resolve(connection, ids)
        finally:
            connection.close()
        worker = self._settings.worker
        landings = [
            Landing(
                topic.name,
                ordinals[topic.name],
                self,
                wire=TripWire(worker.bad_ratio, worker.bad_in_a_row, armed=not self._resumed),
                linger=worker.linger,
                batch_rows=worker.batch_rows,
            )
            for topic in LANDED
        ]
        self.app.events, self.app.end = self.events, self.end
        register(self.app, self.broker, landings)
        self._alerts = self.app.topic(
            self.broker.topic(ALERTS.name), key_serializer="raw", value_serializer="raw"
        )
        metrics_port = self.events.serve(worker.metrics_port)

        async def start() -> None:
            await self._start(landings)
            self.events.ready(
                metrics_port=metrics_port, topics=[topic.name for topic in LANDED], embedded=self._embedded
            )
            print(json.dumps({"ready": True, "metrics": metrics_port, "pid": os.getpid()}), flush=True)

        self.app.task(start)
        FaustWorker(
            self.app, loglevel="WARN", quiet=True, redirect_stdouts=False, override_logging=False
        ).execute_from_commandline()
        raise AssertionError("faust ends the process")

    async def _start(self, landings: Sequence[Landing]) -> None:
        await asyncio.gather(*(lane.warm() for lane in self.lanes))
        gc.collect()
        gc.freeze()
        loops: list[Coroutine[Any, Any, None]] = [
            self.lease.run(),
            self._readback.flush_for_ever(),
            self._upkeep(),
            self._derive(),
            self._show_lag(),
        ]
        for landing in landings:
            loops += landing.loops()
        for loop in loops:
            task = asyncio.create_task(loop)
            task.add_done_callback(self._watch)
            self._tasks.append(task)

    def _watch(self, task: "asyncio.Task[None]") -> None:
        """A loop that ends means the worker cannot keep its promises: crash only."""
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, Tripped):
            self.end(EXIT_TRIPPED, str(error))
        self.end(EXIT_BUG, repr(error))

    async def _upkeep(self) -> None:
        while True:
            await asyncio.sleep(UPKEEP_EVERY)
            if owns(self.app, self.broker):
                try:
                    await self._readback.run(upkeep.merge_conflicts)
                except KoubeiError as error:
                    self.events.store_unavailable(error, UPKEEP_EVERY)

    async def _derive(self) -> None:
        """Keep the derived tables current while this worker is the elected one."""
        while True:
            if not owns(self.app, self.broker):
                self._stop_deriving()
                await asyncio.sleep(ELECTED_EVERY)
                continue
            if self._deriver is None:
                url = self._settings.store.url.get_secret_value()
                self._deriver = Lane(self._settings.worker.lane_kind, DeriverRecipe(url))
            try:
                progress: Progress = await self._deriver.call("step")
            except Exception as error:  # a fault here must not stop the landing: begin again in a new process
                self.events.derive_failed("deriver", repr(error))
                self._stop_deriving()
                await asyncio.sleep(DERIVE_AGAIN)
                continue
            for name, rows in progress.counted.items():
                self.events.derived(name, rows)
            for name, why in progress.failed.items():
                self.events.derive_failed(name, why)
            await asyncio.sleep(min(progress.wait, ELECTED_EVERY))

    def _stop_deriving(self) -> None:
        if self._deriver is not None:
            self._deriver.close()
            self._deriver = None

    async def _show_lag(self) -> None:
        while True:
            await asyncio.sleep(LAG_EVERY)
            for topic, records in cast(Consumer, self.app.consumer).lag().items():
                self.events.lag(self.broker.bare(topic), records)

    def generation(self) -> int:
        """The consumer group generation that this worker is in."""
        return int(self.app.consumer_generation_id)

    async def tell(self, verdicts: Sequence[Record]) -> None:
        """Send records to the topic `alerts` and wait until Kafka has them all."""
        sent = [await self._alerts.send(key=key, value=value, force=True) for key, value in verdicts]
        async with asyncio.timeout(30):
            await asyncio.gather(*sent)

    def end(self, code: int, message: str) -> NoReturn:
        """End the process now: whatever is not confirmed is read again by the successor."""
        self.events.ended(message)
        sys.stderr.flush()
        os._exit(code)

    def _fenced(self, stall: float) -> None:
        self.end(
            EXIT_FENCED, f"the event loop stood still for {stall:.1f} s; partitions may be another's by now"
        )


def run(settings: Settings, *, resumed: bool = False) -> NoReturn:
    """Run one worker in this process.

    Args:
        settings: all settings.
        resumed: started by `koubei worker resume`: the trip wire arms itself after 100 good records in a row.

    Raises:
        BrokerUnavailable, StoreUnavailable: not there at start; the supervisor tries again.
    """
    log.configure()
    Worker(settings, resumed=resumed).run()
