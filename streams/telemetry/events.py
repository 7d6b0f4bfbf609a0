"""Every operational happening of a worker: one method each, counting and logging together.

The names are the closed list of what may appear in logs and metrics; no post text, user id or secret does.
"""

from collections import Counter as Counts
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, Info, start_http_server

from streams import __version__

_PROMISES = (0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class WorkerEvents:
    """What happens to a worker. Labels are closed sets: topic, stage, reason."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._registry = registry
        self._log: Any = structlog.get_logger("worker")
        Info("koubei_build", "Version of koubei.", registry=registry).info({"version": __version__})
        self._landed = Counter(
            "koubei_worker_landed_records", "Records landed.", ["topic"], registry=registry
        )
        self._skipped = Counter(
            "koubei_worker_skipped_records",
            "Records found landed already at read-back.",
            ["topic"],
            registry=registry,
        )
        self._bad = Counter(
            "koubei_worker_dead_letters", "Records given up.", ["topic", "stage", "reason"], registry=registry
        )
        self._retries = Counter(
            "koubei_worker_store_retries",
            "Inserts or look-ups that ClickHouse could not serve.",
            registry=registry,
        )
        self._batch_rows = Histogram(
            "koubei_worker_batch_rows",
            "Rows of a landed batch.",
            ["topic"],
            buckets=(1, 10, 100, 1_000, 2_500, 5_000, 10_000, 20_000, 50_000),
            registry=registry,
        )
        self._delay = Histogram(
            "koubei_worker_landing_delay_seconds",
            "Kafka append of a batch's oldest record to its row.",
            ["topic"],
            buckets=_PROMISES,
            registry=registry,
        )
        self._event_delay = Histogram(
            "koubei_worker_event_delay_seconds",
            "A batch's oldest event to its row; large when history is fed.",
            ["topic"],
            buckets=(*_PROMISES, 60.0, 600.0, 3600.0, 86400.0),
            registry=registry,
        )
        self._lag = Gauge(
            "koubei_worker_lag_records",
            "Records in this worker's partitions that have not landed.",
            ["topic"],
            registry=registry,
        )
        self._stage = Counter(
            "koubei_worker_stage_seconds",
            "Wall seconds spent by stage.",
            ["topic", "stage"],
            registry=registry,
        )
        self._stall = Gauge(
            "koubei_worker_loop_stall_seconds",
            "Longest stall of the event loop in the last minute.",
            registry=registry,
        )
        self._derived = Counter(
            "koubei_worker_derived_records",
            "Landed records counted in a derived table.",
            ["derived"],
            registry=registry,
        )
        self._derive_failures = Counter(
            "koubei_worker_derive_failures",
            "Steps of a derived table that went wrong.",
            ["derived"],
            registry=registry,
        )
        self._outdated = Gauge(
            "koubei_worker_outdated",
            "1 while the newest version of lexicons or rules cannot be loaded and an earlier one is in use.",
            ["what"],
            registry=registry,
        )
        self._known_outdated: dict[str, str] = {}
        self._rebalances = Counter("koubei_worker_rebalances", "Assignments received.", registry=registry)
        self._waiting = False

    def serve(self, port: int) -> int:
        """Serve the metrics on 127.0.0.1; returns the port (0 asks for a free one)."""
        server, _ = start_http_server(port, addr="127.0.0.1", registry=self._registry)
        return int(server.server_port)

    def ready(self, *, metrics_port: int, topics: list[str], embedded: bool) -> None:
        """The worker is up and waits for its partitions."""
        self._log.info("worker_ready", metrics_port=metrics_port, topics=topics, embedded=embedded)

    def assigned(self, partitions: int) -> None:
        """Partitions were given to this worker."""
        self._rebalances.inc()
        self._log.info("partitions_assigned", n=partitions)

    def skipped(self, topic: str, n: int) -> None:
        """Read-back found records landed by a predecessor."""
        self._skipped.labels(topic).inc(n)
        self._log.debug("records_already_landed", topic=topic, n=n)

    def lag(self, topic: str, records: int) -> None:
        """How many records of this worker's partitions have not landed."""
        self._lag.labels(topic).set(records)

    def landed(
        self,
        topic: str,
        rows: int,
        *,
        since_append: float,
        since_event: float,
        compute: float,
        insert: float,
    ) -> None:
        """A batch is in ClickHouse; its oldest record was appended and happened so many seconds ago."""
        self._waiting = False
        self._landed.labels(topic).inc(rows)
        self._batch_rows.labels(topic).observe(rows)
        self._delay.labels(topic).observe(since_append)
        self._event_delay.labels(topic).observe(since_event)
        self._stage.labels(topic, "compute").inc(compute)
        self._stage.labels(topic, "insert").inc(insert)

    def dead_letters(self, topic: str, given_up: Sequence[tuple[str, str, str]]) -> None:
        """Records of one batch were given up: (stage, reason, detail) of each. One line, however many."""
        for (stage, reason), n in Counts((stage, reason) for stage, reason, _ in given_up).items():
            self._bad.labels(topic, stage, reason).inc(n)
        stage, reason, detail = given_up[0]
        self._log.warning(
            "dead_letters", topic=topic, n=len(given_up), stage=stage, reason=reason, detail=detail[:200]
        )

    def store_unavailable(self, error: Exception, wait: float) -> None:
        """ClickHouse cannot serve now; the same call follows after `wait` seconds. Said once an outage."""
        self._retries.inc()
        if not self._waiting:
            self._waiting = True
            self._log.error("store_unavailable", error=str(error), retry_in=wait)

    def broker_unavailable(self, error: Exception, wait: float) -> None:
        """A dead letter could not be sent yet."""
        self._log.error("broker_unavailable", error=str(error), retry_in=wait)

    def derived(self, name: str, rows: int) -> None:
        """A derived table has counted newly landed rows."""
        self._derived.labels(name).inc(rows)

    def derive_failed(self, name: str, error: str) -> None:
        """A step of a derived table went wrong; the same step follows later."""
        self._derive_failures.labels(name).inc()
        self._log.error("derive_failed", derived=name, error=error)

    def outdated(self, reasons: Mapping[str, str]) -> None:
        """What could not be loaded anew (lexicons, rules) → why. Said once for each reason."""
        for what in {*reasons, *self._known_outdated}:
            reason = reasons.get(what, "")
            self._outdated.labels(what).set(bool(reason))
            if reason and reason != self._known_outdated.get(what):
                self._log.error("reload_refused", what=what, error=reason)
        self._known_outdated = dict(reasons)

    def stalled(self, longest: float) -> None:
        """Longest stall of the event loop, seconds, over the last minute."""
        self._stall.set(longest)

    def gave_up(self, topic: str, n: int) -> None:
        """Batches of partitions that went to another worker were left to it."""
        self._log.info("left_to_next_owner", topic=topic, batches=n)

    def ended(self, message: str) -> None:
        """The process ends itself, and why."""
        self._log.critical("worker_ends", why=message)
