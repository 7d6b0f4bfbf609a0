"""What is fed: the simulator's posts, or texts of one's own in them; and how a backlog is laid down."""

import gzip
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition

from bench.servers import Failed
from streams.cli.bench import material
from streams.topics.post import Post

PRODUCER = {
    "acks": "all",
    "linger.ms": 50,
    "batch.num.messages": 5_000,
    "batch.size": 1_000_000,
    "queue.buffering.max.messages": 1_000_000,
    "queue.buffering.max.kbytes": 1_000_000,
}


@dataclass(frozen=True)
class Material:
    """Posts, and a word on where their texts come from."""

    posts: list[Post]
    origin: str

    @classmethod
    def of(cls, file: Path | None) -> "Material":
        """The simulator's posts, with the texts of a JSONL file (.gz or not, field `text`) if one is given."""
        if file is None:
            posts = material()
            return cls(posts, f"{len(posts):,} different posts of the simulator (`koubei simulate`)")
        opened = gzip.open if file.suffix == ".gz" else open
        with opened(file, "rt", encoding="utf-8") as lines:
            texts = [json.loads(line)["text"] for line in lines]
        # Sorted by where they come from otherwise, and so by length.
        random.Random(0).shuffle(texts)
        return cls(material(texts), f"{len(texts):,} texts of {file.name}, in the simulator's posts")


def preload(bootstrap: str, topic: str, values: Iterable[bytes], partitions: int, codec: str = "lz4") -> int:
    """Lay down a backlog, evenly over the partitions; returns its bytes of JSON.

    The partition is ours to choose, so that each holds the same number of records.
    """
    producer = Producer({"bootstrap.servers": bootstrap, "compression.type": codec, **PRODUCER})
    failed: list[str] = []

    def done(error: object, _message: object) -> None:
        if error is not None:
            failed.append(str(error))

    size = 0
    for number, value in enumerate(values):
        producer.produce(topic, value, b"%d" % number, partition=number % partitions, on_delivery=done)
        size += len(value)
        if not number % 5_000:
            producer.poll(0)
    left = producer.flush(120)
    if left or failed:
        raise Failed(f"the backlog did not reach Kafka: {left} left, {failed[:1]}")
    reader = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench", "log_level": 0})
    lost = sum(reader.get_watermark_offsets(TopicPartition(topic, n), 10)[0] for n in range(partitions))
    reader.close()
    if lost:
        raise Failed(f"Kafka dropped {lost} records of {topic}: they are more than it keeps")
    return size
