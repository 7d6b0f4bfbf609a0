"""Topics as koubei declares them: made, listed and compared with what is there.

Real clusters are administered through kafka-python; the embedded Kafka has its topics from birth.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from streams.broker.address import Broker
from streams.broker.epoch import boot_id, metadata
from streams.clock import SYSTEM, Clock
from streams.errors import BadConfig, Unsupported
from streams.language import t
from streams.topics.registry import TOPICS, Topic

TIMEOUT_MS = 30_000

NAMES = {
    "security.protocol": "security_protocol",
    "sasl.mechanism": "sasl_mechanism",
    "sasl.mechanisms": "sasl_mechanism",
    "sasl.username": "sasl_plain_username",
    "ssl.ca.location": "ssl_cafile",
    "ssl.certificate.location": "ssl_certfile",
    "ssl.key.location": "ssl_keyfile",
    "ssl.key.password": "ssl_password",
}
"""librdkafka's names of connection settings → kafka-python's."""


class Found(NamedTuple):
    """One declared topic as it is.

    Attributes:
        topic: bare name.
        partitions: how many there are; 0 when the topic does not exist.
        replication: copies of each partition.
        settings: its settings, as far as koubei declares them; empty on the embedded Kafka.
    """

    topic: str
    partitions: int
    replication: int
    settings: dict[str, str]


class Difference(NamedTuple):
    """Something that is not as declared.

    Attributes:
        topic: bare name.
        what: `missing`, `partitions` or the name of a setting.
        found: as it is.
        needed: as declared.
        remedy: what a person can do.
    """

    topic: str
    what: str
    found: str
    needed: str
    remedy: str


TOO_MANY = "too_many_partitions"
"""What only a person can settle, for a topic that must have one: Kafka never takes partitions away."""


def declared(topic: Topic, broker: Broker) -> dict[str, str]:
    """The settings a topic is created with."""
    settings = {
        "cleanup.policy": "compact" if topic.retention is None else "delete",
        # Two of three copies must have a record before it counts as written.
        "min.insync.replicas": "2" if broker.replication >= 3 else "1",
        # Latency and "how old is it" are measured from when Kafka took the record.
        "message.timestamp.type": "LogAppendTime",
    }
    if topic.retention is not None:
        settings["retention.ms"] = str(topic.retention * 1000)
    return settings


def found(broker: Broker) -> list[Found]:
    """Every declared topic as it is now.

    Raises:
        BrokerUnavailable: Kafka does not answer.
    """
    cluster = metadata(broker)
    there = [topic for topic in TOPICS if broker.topic(topic.name) in cluster.topics]
    settings: dict[str, dict[str, str]] = {}
    if there and boot_id(cluster) is None:
        with _client(broker) as client:
            settings = _settings(client, broker, there)
    answers = []
    for topic in TOPICS:
        known = cluster.topics.get(broker.topic(topic.name))
        parts = known.partitions if known else {}
        copies = min((len(part.replicas) for part in parts.values()), default=0)
        answers.append(Found(topic.name, len(parts), copies, settings.get(topic.name, {})))
    return answers


def differences(broker: Broker) -> list[Difference]:
    """What is not as declared; more partitions than declared are nobody's harm and not listed.

    Only where one is declared others would break the one order that it stands for.

    Raises:
        BrokerUnavailable: Kafka does not answer.
    """
    answers = []
    for topic, now in zip(TOPICS, found(broker), strict=True):
        if not now.partitions:
            answers.append(
                Difference(topic.name, "missing", "-", str(topic.partitions), "koubei topics create")
            )
            continue
        if now.partitions > topic.partitions == 1:
            remedy = t(
                f"删掉 {broker.topic(topic.name)}，再 koubei topics create",
                f"delete {broker.topic(topic.name)}, then koubei topics create",
            )
            answers.append(Difference(topic.name, TOO_MANY, str(now.partitions), "1", remedy))
        if now.partitions < topic.partitions:
            needed = str(topic.partitions)
            answers.append(
                Difference(
                    topic.name, "partitions", str(now.partitions), needed, "koubei topics create --mend"
                )
            )
        if now.settings:
            for name, needed in declared(topic, broker).items():
                if (value := now.settings.get(name, "")) != needed:
                    answers.append(Difference(topic.name, name, value, needed, "koubei topics create --mend"))
    return answers


def create(broker: Broker, *, mend: bool = False, dry_run: bool = False) -> list[Difference]:
    """Make the declared topics that are missing; with `mend`, settle the other differences too.

    Partitions are only ever added: fewer would lose records. Adding some moves keys to other partitions,
    which is why it must be asked for.

    Returns:
        What was done, or what would be.

    Raises:
        Unsupported: the embedded Kafka makes no topics.
        BrokerUnavailable: Kafka does not answer.
        BadConfig: Kafka refused (rights, replication).
    """
    if boot_id(metadata(broker)) is not None:
        raise Unsupported(
            t(
                "内置 Kafka 的主题启动时就已建好，不需要创建；koubei topics list 可查看",
                "The embedded Kafka has its topics from birth: nothing to create; see koubei topics list",
            )
        )
    found = [one for one in differences(broker) if one.what != TOO_MANY]
    work = [one for one in found if mend or one.what == "missing"]
    if work and not dry_run:
        with _client(broker) as client:
            _apply(client, broker, work)
        _await_leaders(broker, {one.topic for one in work})
    return work


def _await_leaders(broker: Broker, names: set[str], clock: Clock = SYSTEM) -> None:
    """Kafka answers before its brokers know of what was made; who asks at once would be refused."""
    end = clock.monotonic() + TIMEOUT_MS / 1000
    while clock.monotonic() < end:
        there = metadata(broker).topics
        parts = {name: there[broker.topic(name)].partitions for name in names if broker.topic(name) in there}
        if all(
            len(parts.get(topic.name, ())) >= topic.partitions
            and all(part.leader >= 0 for part in parts[topic.name].values())
            for topic in TOPICS
            if topic.name in names
        ):
            return
        time.sleep(0.05)


def _apply(client: Any, broker: Broker, work: list[Difference]) -> None:
    from kafka.admin import ConfigResource, ConfigResourceType

    topics = {topic.name: topic for topic in TOPICS}
    missing = {
        broker.topic(one.topic): {
            "num_partitions": topics[one.topic].partitions,
            "replication_factor": broker.replication,
            "configs": declared(topics[one.topic], broker),
        }
        for one in work
        if one.what == "missing"
    }
    grown = {broker.topic(one.topic): int(one.needed) for one in work if one.what == "partitions"}
    changed: dict[str, dict[str, str]] = {}
    for one in work:
        if one.what not in ("missing", "partitions"):
            changed.setdefault(broker.topic(one.topic), {})[one.what] = one.needed
    if missing:
        client.create_topics(missing, timeout_ms=TIMEOUT_MS, wait_for_metadata=True)
    if grown:
        client.create_partitions(grown, timeout_ms=TIMEOUT_MS)
    if changed:
        client.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name, values) for name, values in changed.items()]
        )


def _settings(client: Any, broker: Broker, topics: list[Topic]) -> dict[str, dict[str, str]]:
    from kafka.admin import ConfigResource, ConfigResourceType

    asked = [
        ConfigResource(ConfigResourceType.TOPIC, broker.topic(topic.name), declared(topic, broker))
        for topic in topics
    ]
    answer = client.describe_configs(asked, config_filter="all")["topic"]
    return {
        topic.name: {
            name: str(answer[broker.topic(topic.name)][name]["value"]) for name in declared(topic, broker)
        }
        for topic in topics
    }


@contextmanager
def _client(broker: Broker) -> Iterator[Any]:
    """A connected kafka-python admin client."""
    # Its import costs 0.3 s, which only administration should pay.
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError, RetriableError

    client = None
    try:
        client = KafkaAdminClient(
            bootstrap_servers=broker.bootstrap.split(","),
            client_id="koubei",
            request_timeout_ms=TIMEOUT_MS,
            **_connection(broker),
        )
        yield client
    except RetriableError as error:
        raise broker.unreachable(type(error).__name__) from error
    except KafkaError as error:
        raise BadConfig(
            t(
                f"Kafka {broker.bootstrap} 拒绝了这次管理操作：{error}",
                f"Kafka {broker.bootstrap} refused: {error}",
            )
        ) from error
    finally:
        if client is not None:
            client.close()


def _connection(broker: Broker) -> dict[str, Any]:
    settings: dict[str, Any] = {NAMES[name]: value for name, value in broker.client.items() if name in NAMES}
    if "security_protocol" in settings:
        settings["security_protocol"] = settings["security_protocol"].upper()
    if broker.password is not None:
        settings["sasl_plain_password"] = broker.password
    return settings
