"""How far a consumer group is behind, on a real Kafka and on the embedded one alike."""

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from streams.broker.address import Broker
from streams.broker.epoch import boot_id, metadata
from streams.clock import SYSTEM

TIMEOUT = 10.0

NO_LEADER_YET = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
)
"""What Kafka answers for a partition that was made or moved a moment ago."""


class Lag(NamedTuple):
    """One partition as one group sees it.

    Attributes:
        topic: bare topic name.
        partition: its number.
        committed: offset the group reads next; None when it never committed.
        low: oldest offset that Kafka still has.
        end: offset that the next record will get.
        lag: records not yet read.
        lost: records that Kafka dropped before the group read them.
    """

    topic: str
    partition: int
    committed: int | None
    low: int
    end: int
    lag: int
    lost: int


def lags(broker: Broker, group: str, topics: Iterable[str]) -> list[Lag]:
    """The lag of `group` on every partition of the bare `topics`; topics that do not exist are left out.

    A group that never committed reads from the oldest record. What a real Kafka expired before that is
    history, not loss; the embedded one drops only what it has no room for, so there it is loss.

    Raises:
        BrokerUnavailable: Kafka does not answer.
    """
    client = AdminClient(broker.conf())
    cluster = metadata(broker, client, TIMEOUT)
    embedded, known = boot_id(cluster) is not None, cluster.topics
    partitions = [
        TopicPartition(broker.topic(name), number)
        for name in topics
        if broker.topic(name) in known
        for number in sorted(known[broker.topic(name)].partitions)
    ]
    if not partitions:
        return []
    try:
        low, end = (_offsets(client, partitions, spec) for spec in (OffsetSpec.earliest, OffsetSpec.latest))
        committed = read_committed(broker, group, partitions)
    except KafkaException as error:
        raise broker.unreachable(error.args[0].str()) from error
    answers = []
    for place in partitions:
        done = committed[place.topic, place.partition]
        start = done if done is not None else 0 if embedded else low[place]
        answers.append(
            Lag(
                broker.bare(place.topic), place.partition, done, low[place], end[place],
                max(0, end[place] - max(start, low[place])), max(0, low[place] - start),
            )
        )  # fmt: skip
    return answers


def _offsets(
    client: AdminClient, partitions: list[TopicPartition], spec: Callable[[], OffsetSpec]
) -> dict[TopicPartition, int]:
    end = SYSTEM.monotonic() + TIMEOUT
    while True:
        answers = client.list_offsets({place: spec() for place in partitions}, request_timeout=TIMEOUT)
        try:
            return {place: answer.result().offset for place, answer in answers.items()}
        except KafkaException as error:
            if error.args[0].code() not in NO_LEADER_YET or SYSTEM.monotonic() > end:
                raise
            time.sleep(0.1)


def read_committed(
    broker: Broker, group: str, partitions: list[TopicPartition]
) -> dict[tuple[str, int], int | None]:
    """The offsets that `group` has committed, None where there is none.

    Raises:
        KafkaException: the coordinator did not answer.
    """
    reader = offset_reader(broker, group)
    try:
        return committed_offsets(reader, partitions)
    finally:
        reader.close()


def offset_reader(broker: Broker, group: str) -> Consumer:
    """A client that asks for the group's offsets and never joins it."""
    return Consumer(broker.conf(group_id=group, enable_auto_commit=False))


def committed_offsets(
    reader: Consumer, partitions: list[TopicPartition], timeout: float = TIMEOUT
) -> dict[tuple[str, int], int | None]:
    """The committed offsets of the reader's group, None where there is none.

    Raises:
        KafkaException: the coordinator did not answer within `timeout` seconds.
    """
    return {
        (place.topic, place.partition): place.offset if place.offset >= 0 else None
        for place in reader.committed(partitions, timeout=timeout)
    }
