"""Which incarnation of a topic its offsets belong to: a topic made anew counts from 0 again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, ClusterMetadata  # type: ignore[attr-defined]

if TYPE_CHECKING:
    # The embedded Kafka imports this module for its marker and should not load the settings for that.
    from streams.broker.address import Broker

EMBEDDED_MARKER = "koubei-embedded-"
"""The embedded Kafka carries the topic `koubei-embedded-<boot id>`: real topic ids it has none."""


def metadata(broker: Broker, client: AdminClient | None = None, timeout: float = 5.0) -> ClusterMetadata:
    """Brokers, topics and partitions.

    Raises:
        BrokerUnavailable: no answer within `timeout` seconds.
    """
    try:
        return (client or AdminClient(broker.conf())).list_topics(timeout=timeout)
    except KafkaException as error:
        raise broker.unreachable(error.args[0].str()) from error


def boot_id(cluster: ClusterMetadata) -> str | None:
    """The boot id of an embedded Kafka, None for any other."""
    boots = [name for name in cluster.topics if name.startswith(EMBEDDED_MARKER)]
    return max(boots).removeprefix(EMBEDDED_MARKER) if boots else None


def is_embedded(broker: Broker) -> bool:
    """Whether this is koubei's embedded Kafka.

    Raises:
        BrokerUnavailable: Kafka does not answer.
    """
    return boot_id(metadata(broker)) is not None


def epoch_ids(broker: Broker, names: Iterable[str], timeout: float = 10.0) -> dict[str, str]:
    """The id of each named topic's present incarnation; topics that do not exist are left out.

    Args:
        broker: which Kafka.
        names: bare topic names.
        timeout: seconds to wait for each answer.

    Raises:
        BrokerUnavailable: Kafka does not answer.
    """
    client = AdminClient(broker.conf())
    cluster = metadata(broker, client, timeout)
    existing = [name for name in names if broker.topic(name) in cluster.topics]
    boot = boot_id(cluster)
    if boot is not None:
        return dict.fromkeys(existing, boot)
    if not existing:
        return {}
    wire = [broker.topic(name) for name in existing]
    answers = client.describe_topics(TopicCollection(wire), request_timeout=timeout)
    try:
        return {broker.bare(name): str(answer.result().topic_id) for name, answer in answers.items()}
    except KafkaException as error:
        raise broker.unreachable(error.args[0].str()) from error
