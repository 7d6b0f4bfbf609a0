"""Every operational happening of a notifier: one method each, counting and logging together.

The names are the closed list of what may appear in logs and metrics; no post text, user id or secret does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, Info, start_http_server

from streams import __version__

_PROMISES = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)


class NotifierEvents:
    """What happens to a notifier. Labels are closed sets: severity, channel, state, kind."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._registry = registry
        self._log: Any = structlog.get_logger("notifier")
        Info("koubei_build", "Version of koubei.", registry=registry).info({"version": __version__})
        self._fired = Counter(
            "koubei_notifier_alerts_fired", "Alerts that fired.", ["severity"], registry=registry
        )
        self._applied = Counter(
            "koubei_notifier_applied_records", "Verdicts and commands applied.", registry=registry
        )
        self._bad = Counter(
            "koubei_notifier_dead_letters", "Records given up.", ["stage", "reason"], registry=registry
        )
        self._notices = Counter(
            "koubei_notifier_notices", "What became of notices.", ["channel", "state"], registry=registry
        )
        self._messages = Counter(
            "koubei_notifier_messages",
            "Messages, of which one may stand for several notices.",
            ["channel", "state"],
            registry=registry,
        )
        self._latency = Histogram(
            "koubei_notifier_latency_seconds",
            "Kafka append of what opened an alert to its first hand-over.",
            buckets=_PROMISES,
            registry=registry,
        )
        self._queued = Gauge(
            "koubei_notifier_queued_messages", "Messages that wait.", ["channel"], registry=registry
        )
        self._open = Gauge("koubei_notifier_open_alerts", "Alerts that are not resolved.", registry=registry)
        self._explained = Counter(
            "koubei_notifier_explanations", "Explanations asked for.", ["outcome"], registry=registry
        )
        self._retries = Counter(
            "koubei_notifier_store_retries", "Calls that ClickHouse could not serve.", registry=registry
        )
        self._watched = Counter(
            "koubei_notifier_watched_verdicts", "Verdicts of window rules.", registry=registry
        )
        self._stall = Gauge(
            "koubei_notifier_loop_stall_seconds",
            "Longest stall of the event loop in the last minute.",
            registry=registry,
        )
        self._waiting = False
        self._watch_fault = ""
        self._digest_fault = ""
        self._rule_faults: dict[str, str] = {}

    def serve(self, port: int) -> int:
        """Serve the metrics on 127.0.0.1; returns the port (0 asks for a free one)."""
        server, _ = start_http_server(port, addr="127.0.0.1", registry=self._registry)
        return int(server.server_port)

    def ready(self, *, metrics_port: int, channels: list[str], embedded: bool) -> None:
        """The notifier is up and waits for its partition."""
        self._log.info("notifier_ready", metrics_port=metrics_port, channels=channels, embedded=embedded)
        if not channels:
            self._log.warning("no_channels", consequence="alerts are kept and shown, nobody is told")

    def assigned(self, partitions: int) -> None:
        """Partitions were given to this notifier: 1 makes it the owner of all alerts."""
        self._log.info("partitions_assigned", n=partitions)

    def recovered(
        self, *, offset: int, alerts: int, cases: int, unsent: int, repeated: int, seconds: float
    ) -> None:
        """The owner goes on where its predecessor stopped.

        Args:
            offset: highest offset that the log says is applied; -1 for none.
            alerts: open ones.
            cases: open ones.
            unsent: notices taken up that were not known to be sent.
            repeated: of these, those that may have been delivered.
            seconds: how long it took.
        """
        self._log.info(
            "alerts_recovered",
            applied_offset=offset,
            open_alerts=alerts,
            open_cases=cases,
            unsent_notices=unsent,
            possibly_repeated=repeated,
            seconds=round(seconds, 3),
        )

    def applied(self, records: int, fired: Sequence[str]) -> None:
        """Records were applied and logged; `fired` has the severity of each alert that fired."""
        self._waiting = False
        self._applied.inc(records)
        for severity in fired:
            self._fired.labels(severity).inc()

    def standing(self, alerts: int) -> None:
        """So many alerts are not resolved."""
        self._open.set(alerts)

    def dead_letters(self, given_up: Sequence[tuple[str, str, str]]) -> None:
        """Records were given up: (stage, reason, detail) of each. One line, however many."""
        for stage, reason, _ in given_up:
            self._bad.labels(stage, reason).inc()
        stage, reason, detail = given_up[0]
        self._log.warning("dead_letters", n=len(given_up), stage=stage, reason=reason, detail=detail[:200])

    def apply_failed(self, offset: int, error: Exception) -> None:
        """A mistake of ours: a record broke the state machine and becomes a dead letter."""
        self._log.error("apply_failed", offset=offset, exc_info=error)

    def handed(self, latency: float) -> None:
        """An alert was handed to a channel for the first time, so many seconds after Kafka had its cause."""
        self._latency.observe(latency)

    def noticed(self, channel: str, state: str, notices: int, *, answer: str = "", code: str = "") -> None:
        """What became of the notices in one message: sent, refused, failed (tried again later) or unknown."""
        self._notices.labels(channel, state).inc(notices)
        self._messages.labels(channel, state).inc()
        if state != "sent":
            self._log.warning(
                "notice_not_sent", channel=channel, n=notices, state=state, code=code, answer=answer
            )

    def overflowed(self, channel: str, notices: int) -> None:
        """So much waits for a channel that these are left out; the ledger does not know them as sent."""
        self._notices.labels(channel, "overflowed").inc(notices)
        self._log.error("channel_overflowed", channel=channel, n=notices)

    def queued(self, channel: str, messages: int) -> None:
        """How many messages wait for a channel."""
        self._queued.labels(channel).set(messages)

    def unroutable(self, alert_id: str, reason: str) -> None:
        """A notice that goes nowhere: a silent route, or there are no channels."""
        self._notices.labels("", "unroutable").inc()
        self._log.debug("notice_unroutable", alert_id=alert_id, reason=reason)

    def channel_unusable(self, channel: str, error: str) -> None:
        """A channel's settings do not do; its messages go to the channel that takes over."""
        self._log.error("channel_unusable", channel=channel, error=error)

    def explained(self, outcome: str, detail: str = "") -> None:
        """An explanation came (`whole`, `partial`), was late, failed, or was not asked for (`skipped`)."""
        self._explained.labels(outcome).inc()
        if outcome == "failed":
            self._log.warning("explanation_failed", error=detail)

    def watched(self, verdicts: int, faults: Mapping[str, str]) -> None:
        """Window rules were looked at; `faults` are rule → why it cannot be evaluated. Said once for each."""
        self._watched.inc(verdicts)
        self._watch_fault = ""
        for rule, fault in faults.items():
            if self._rule_faults.get(rule) != fault:
                self._log.error("rule_failed", rule=rule, error=fault)
        self._rule_faults = dict(faults)

    def watch_failed(self, error: str) -> None:
        """Window rules could not be looked at. Said once for each reason."""
        if error != self._watch_fault:
            self._watch_fault = error
            self._log.error("watch_failed", error=error)

    def digested(self, key: str, channels: Sequence[str]) -> None:
        """The week's digest was given to these channels; to none where all had it, or there was no week to tell of."""
        self._digest_fault = ""
        self._log.info("digest", key=key, channels=channels)

    def digest_failed(self, error: str) -> None:
        """The week's digest could not be put together and is tried again. Said once for each reason."""
        if error != self._digest_fault:
            self._digest_fault = error
            self._log.error("digest_failed", error=error)

    def store_unavailable(self, error: Exception, wait: float) -> None:
        """ClickHouse cannot serve now; the same call follows after `wait` seconds. Said once an outage."""
        self._retries.inc()
        if not self._waiting:
            self._waiting = True
            self._log.error("store_unavailable", error=str(error), retry_in=wait)

    def broker_unavailable(self, error: Exception, wait: float) -> None:
        """A record could not be sent yet."""
        self._log.error("broker_unavailable", error=str(error), retry_in=wait)

    def stalled(self, longest: float) -> None:
        """Longest stall of the event loop, seconds, over the last minute."""
        self._stall.set(longest)

    def gave_up(self, notices: int) -> None:
        """Messages of an owner whose partition left were left to its successor."""
        self._log.info("left_to_next_owner", messages=notices)

    def ended(self, message: str) -> None:
        """The process ends itself, and why."""
        self._log.critical("notifier_ends", why=message)
