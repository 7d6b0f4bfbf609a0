"""One notifier from start to end: the owner of all alerts, their channels, and the watch over windows."""

import asyncio
import gc
import json
import os
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

from streams.agents import channels
from streams.agents.alerting import Alerting
from streams.agents.alertlog import AlertLog
from streams.agents.app import EXIT_BUG, build_app, register, session_timeout
from streams.agents.composing import Composer, Pages
from streams.agents.digesting import Digesting
from streams.agents.lease import EXIT_FENCED, FENCE, Lease
from streams.agents.ledger import Ledger
from streams.agents.letters import Letters
from streams.agents.sending import Sender
from streams.agents.storing import StoreThread
from streams.agents.transport import Worker as FaustWorker
from streams.agents.watching import Watching
from streams.broker.address import Broker, alerts_group
from streams.broker.epoch import epoch_ids, is_embedded, metadata
from streams.clock import SYSTEM, Clock
from streams.config import Settings, shipped
from streams.errors import BadConfig
from streams.language import t
from streams.notify import oncall
from streams.store import epochs
from streams.store.client import Connection
from streams.telemetry import log
from streams.telemetry.notifier import NotifierEvents
from streams.text import lexicons
from streams.topics.registry import ALERTS


class Notifier:
    """The world outside of the owner of the alerts (see `alerting.Deps`), and the life of the process."""

    clock: Clock = SYSTEM

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.events = NotifierEvents()
        self.broker = Broker.of(settings.kafka)
        self._embedded = is_embedded(self.broker)
        self.lease = Lease(
            FENCE * session_timeout(settings.worker, embedded=self._embedded),
            SYSTEM,
            self.events,
            self._fenced,
        )
        self.app = build_app(
            settings.kafka, settings.worker, alerts_group(settings.kafka), embedded=self._embedded
        )
        self._letters = Letters(self.app, self.broker, self.clock)
        self.bury = self._letters.bury
        url = settings.store.url.get_secret_value()
        self._epoch = self._resolved()
        self.alert_log = AlertLog(StoreThread(url, self.events, self.lease.check, name="log"), self._epoch)
        self._told = oncall.on_call(settings)
        self._reader = (settings.store.reader_url or settings.store.url).get_secret_value()
        self._composer = Composer(
            self._reader, Pages.of(settings), self.clock, self.events, _stop_words(settings)
        )
        self.sender = Sender(
            channels.made(settings, self.clock, self.events),
            self._told,
            self._composer,
            Ledger(StoreThread(url, self.events, self.lease.check, name="ledger")),
            self,
        )
        self._tasks: list[asyncio.Task[Any]] = []

    def run(self) -> NoReturn:
        """Run until SIGTERM; the process ends with the notifier."""
        settings = self._settings
        self.alerting = Alerting(
            self._epoch, oncall.policy(settings, self._told), oncall.limits(settings), self
        )
        self.app.events, self.app.end = self.events, self.end
        register(self.app, self.broker, [self.alerting])
        watching = Watching(
            StoreThread(self._reader, self.events, self.lease.check, timeout=15.0, name="watch"),
            self.app.topic(self.broker.topic(ALERTS.name), key_serializer="raw", value_serializer="raw"),
            self,
        )
        loops = [self.lease.run(), *self.sender.loops(), watching.run(), self._composer.warm()]
        if settings.alerts.digest == "weekly" and settings.channels:
            loops.append(self._digesting().run())
        metrics_port = self.events.serve(settings.worker.metrics_port)

        async def start() -> None:
            gc.collect()
            gc.freeze()
            for loop in loops:
                self.watch(asyncio.create_task(loop))
            self.events.ready(
                metrics_port=metrics_port, channels=list(settings.channels), embedded=self._embedded
            )
            print(json.dumps({"ready": True, "metrics": metrics_port, "pid": os.getpid()}), flush=True)

        self.app.task(start)
        FaustWorker(
            self.app, loglevel="WARN", quiet=True, redirect_stdouts=False, override_logging=False
        ).execute_from_commandline()
        raise AssertionError("faust ends the process")

    def _digesting(self) -> Digesting:
        settings = self._settings
        return Digesting(
            self._reader,
            settings.alerts.digest_channels or list(settings.channels),
            calendar=self._told.plan.calendar,
            base=settings.web.base,
            timezone=settings.timezone,
            sender=self.sender,
            deps=self,
        )

    def _resolved(self) -> int:
        ids = epoch_ids(self.broker, [ALERTS.name])
        if not ids:
            raise BadConfig(
                t(
                    f"Kafka {self.broker.bootstrap} 上没有主题 {ALERTS.name}：先运行 koubei topics create",
                    f"Kafka {self.broker.bootstrap} lacks {ALERTS.name}: run koubei topics create first",
                )
            )
        name = self.broker.topic(ALERTS.name)
        if (parts := len(metadata(self.broker).topics[name].partitions)) > 1:
            raise BadConfig(
                t(
                    f"主题 {name} 有 {parts} 个分区，告警只能有一个：删掉它，再 koubei topics create",
                    f"Topic {name} has {parts} partitions and alerts need one: delete it, then koubei topics create",
                )
            )
        connection = Connection(self._settings.store.url.get_secret_value())
        try:
            return epochs.resolve(connection, ids)[ALERTS.name]
        finally:
            connection.close()

    def generation(self) -> int:
        """The consumer group generation that this process is in."""
        return int(self.app.consumer_generation_id)

    def owns(self) -> bool:
        """Whether this process is the owner of the alerts."""
        return self.alerting.owns()

    def fence(self) -> None:
        """End the process if it stood still for so long that another may be the owner."""
        self.lease.check()

    def handing(self, alert_ids: Iterable[str], at: float) -> None:
        """Messages about these alerts are given to a channel at this moment, Unix seconds."""
        self.alerting.handing(alert_ids, at)

    def watch(self, task: "asyncio.Task[Any]") -> None:
        """End the process when the task fails: it cannot keep its promises then."""
        self._tasks.append(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.remove(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.end(EXIT_BUG, repr(error))

    def end(self, code: int, message: str) -> NoReturn:
        """End the process now: whatever is not confirmed is done again by the successor."""
        self.events.ended(message)
        sys.stderr.flush()
        os._exit(code)

    def _fenced(self, stall: float) -> None:
        self.end(
            EXIT_FENCED, f"the event loop stood still for {stall:.1f} s; the alerts may be another's by now"
        )


def run(settings: Settings) -> NoReturn:
    """Run one notifier in this process.

    Raises:
        BrokerUnavailable, StoreUnavailable: not there at start; the supervisor tries again.
    """
    log.configure()
    Notifier(settings).run()


def _stop_words(settings: Settings) -> frozenset[str]:
    """Words that are never told as rising; none when the lexicons have a mistake, which the workers tell."""
    own = settings.text.lexicons
    try:
        return lexicons.load((shipped("lexicons"), own) if own else (shipped("lexicons"),)).stopwords
    except BadConfig:
        return frozenset()
