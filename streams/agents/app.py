"""The Faust app of a worker or notifier: a factory, so that two can live in one process."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol

import faust
from faust.auth import SASLCredentials, SSLCredentials
from faust.types import TP, EventT

from streams.agents.transport import App, NoTables
from streams.broker.address import Broker
from streams.config import KafkaSettings, WorkerSettings
from streams.errors import BadConfig
from streams.language import t
from streams.topics.registry import POSTS

EXIT_BUG = 71

EMBEDDED_SESSION = 2.5
"""The embedded broker knows no static members: a killed worker's partitions wait for its session."""

FETCH_RECORDS = 5_000
FETCH_BYTES = 1 << 20


class Taker(Protocol):
    """What becomes of the fetches of one topic: a landing, or the owner of the alerts."""

    topic: str

    async def put(self, event: EventT[Any]) -> None:
        """Take in a fetch."""
        ...

    async def settle(self) -> None:
        """Bring to an end what was taken in, within a limit: its partitions leave."""
        ...

    def open(self) -> None:
        """Partitions were assigned; the first fetch has not come yet."""
        ...


class Assignments(Protocol):
    """Where the number of assigned partitions is told."""

    def assigned(self, partitions: int) -> None:
        """Partitions were given to this process."""
        ...


class LandingApp(App):
    """Faust with whole fetches and a taker a topic."""

    landings: Sequence[Taker] = ()
    events: Assignments
    end: Callable[[int, str], None]

    async def settle(self) -> None:
        """Bring everything taken in to its end, within its limit."""
        await asyncio.gather(*(landing.settle() for landing in self.landings))

    def broken(self, error: BaseException) -> None:
        """Crash only: the supervisor starts a successor, which reads back what landed."""
        self.end(EXIT_BUG, f"the consumer group is lost: {error!r}")

    def open(self, partitions: int) -> None:
        """Tell the takers to begin anew; without partitions there is nothing to begin."""
        self.events.assigned(partitions)
        for landing in self.landings if partitions else ():
            landing.open()


def session_timeout(worker: WorkerSettings, *, embedded: bool) -> float:
    """Seconds of silence after which Kafka gives a worker up."""
    return min(worker.session_timeout, EMBEDDED_SESSION) if embedded else worker.session_timeout


def build_app(kafka: KafkaSettings, worker: WorkerSettings, group: str, *, embedded: bool) -> LandingApp:
    """A Faust app of a consumer group; `register` gives it its takers.

    Args:
        kafka: where the broker is.
        worker: timeouts and member id.
        group: the consumer group.
        embedded: whether the broker is the embedded one (no static members there).

    Raises:
        BadConfig: a security setting that Faust's client does not know.
    """
    session = session_timeout(worker, embedded=embedded)
    app = LandingApp(
        group,
        broker=[f"kafka://{address.strip()}" for address in kafka.bootstrap.split(",")],
        broker_credentials=_credentials(kafka),
        store="memory://",
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_wait_empty=False,
        # Each queued event is a whole fetch.
        stream_buffer_maxsize=2,
        stream_recovery_delay=0.0,
        table_standby_replicas=0,
        TableManager=NoTables,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=None if embedded else worker.instance,
        broker_max_poll_records=FETCH_RECORDS,
        consumer_max_fetch_size=FETCH_BYTES,
        broker_request_timeout=max(40.0, session),
        broker_session_timeout=session,
        broker_heartbeat_interval=session / 5,
        broker_max_poll_interval=3600,
        broker_commit_interval=0.5,
    )
    app.embedded = embedded
    return app


def register(app: LandingApp, broker: Broker, landings: Sequence[Taker]) -> None:
    """One agent a topic: it hands whole fetches to the topic's taker and never raises."""
    app.landings = landings
    for landing in landings:
        topic = app.topic(
            broker.topic(landing.topic),
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
        )
        app.agent(topic, name=landing.topic)(_agent(landing))


def _agent(landing: Taker) -> Any:
    async def land(stream: faust.Stream[Any]) -> None:
        events: AsyncIterator[EventT[Any]] = stream.noack().events()
        async for event in events:
            await landing.put(event)

    return land


def owns(app: LandingApp, broker: Broker) -> bool:
    """Whether this worker is the elected one: the owner of the first partition of posts."""
    return TP(broker.topic(POSTS.name), 0) in app.consumer.assignment()


def _credentials(kafka: KafkaSettings) -> Any:
    protocol = kafka.client.get("security.protocol", "plaintext").lower()
    if protocol == "plaintext":
        return None
    context = None
    if protocol in {"ssl", "sasl_ssl"}:
        context = ssl.create_default_context(cafile=kafka.client.get("ssl.ca.location"))
        if certificate := kafka.client.get("ssl.certificate.location"):
            context.load_cert_chain(certificate, kafka.client.get("ssl.key.location"))
    if protocol == "ssl":
        return SSLCredentials(context)
    if protocol in {"sasl_plaintext", "sasl_ssl"}:
        return SASLCredentials(
            username=kafka.client.get("sasl.username", ""),
            password=kafka.password.get_secret_value() if kafka.password else "",
            mechanism=kafka.client.get("sasl.mechanism", "PLAIN"),
            ssl_context=context,
        )
    raise BadConfig(
        t(
            f"security.protocol 不认识 {protocol}：可用 plaintext、ssl、sasl_plaintext、sasl_ssl",
            f"Unknown security.protocol {protocol}: use plaintext, ssl, sasl_plaintext or sasl_ssl",
        )
    )
