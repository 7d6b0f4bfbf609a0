"""What lands together: fetches, the batch they make, and what a dead letter needs of a record."""

import asyncio
from array import array
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from faust.types import TP, EventT

from streams.agents.lanes import Computed, Lane, Work
from streams.agents.transport import Fetch


class Place(NamedTuple):
    """A place in Kafka."""

    topic: str
    epoch: int
    partition: int
    offset: int


class Failure(NamedTuple):
    """A record given up, with what a dead letter needs."""

    tp: TP
    offset: int
    key: bytes | None
    value: bytes | None
    stamp: int
    stage: str
    reason: str
    detail: str


class Part(NamedTuple):
    """One fetch of a batch: the event to ack, the records of it that have not landed yet, and those that have.

    Attributes:
        event: what is acked once all of it is done.
        fetch: the records that have not landed yet.
        landed: offsets that a predecessor landed.
        since: Kafka timestamp of the fetch's oldest record, Unix milliseconds: none of it landed before.
    """

    event: EventT[Any]
    fetch: Fetch
    landed: tuple[int, ...] = ()
    since: int = 0

    def failure(self, index: int, stage: str, reason: str, detail: str) -> "Failure":
        """What a dead letter of its record `index` needs."""
        fetch = self.fetch
        return Failure(
            self.event.message.tp,
            fetch.offsets[index],
            fetch.keys[index],
            fetch.values[index],
            fetch.stamps[index],
            stage,
            reason,
            detail,
        )


@dataclass
class Batch:
    """Whole fetches that land together.

    Attributes:
        number: its name in the lane.
        parts: the fetches in the order in which they came.
        lane: where its columns are.
        computed: the analysis under way.
    """

    number: int
    parts: list[Part]
    lane: Lane
    computed: "asyncio.Task[Computed]" = field(repr=False)

    @property
    def generation(self) -> int:
        """Group generation in which the fetches were made."""
        return self.parts[0].event.message.generation_id or 0

    def locate(self, index: int) -> tuple[Part, int]:
        """The fetch that holds the batch's record `index`, and the record's index there."""
        for part in self.parts:
            if index < len(part.fetch.offsets):
                return part, index
            index -= len(part.fetch.offsets)
        raise IndexError(index)

    def find(self, partition: int, offset: int) -> tuple[Part, int]:
        """The fetch and index of a record by its place in Kafka."""
        for part in self.parts:
            if part.event.message.partition == partition and offset in part.fetch.offsets:
                return part, part.fetch.offsets.index(offset)
        raise KeyError((partition, offset))

    def oldest(self) -> int:
        """Earliest Kafka timestamp in it, Unix milliseconds; 0 when it holds no record."""
        return min((min(part.fetch.stamps) for part in self.parts if part.fetch.stamps), default=0)

    def landed(self) -> dict[int, list[int]]:
        """Partition → offsets in it that a predecessor landed, ascending."""
        found: dict[int, list[int]] = {}
        for part in self.parts:
            if part.landed:
                found.setdefault(part.event.message.partition, []).extend(part.landed)
        return found

    def since(self) -> int:
        """Unix milliseconds, in Kafka's time, before which none of these landed."""
        return min((part.since for part in self.parts if part.landed), default=0)

    def work(self, topic: str, epoch: int) -> Work:
        """What travels to the lane."""
        offsets, stamps = array("q"), array("q")
        values: list[bytes | None] = []
        for part in self.parts:
            values += part.fetch.values
            offsets.extend(part.fetch.offsets)
            stamps.extend(part.fetch.stamps)
        partitions = [(part.event.message.partition, len(part.fetch.offsets)) for part in self.parts]
        return Work(topic, values, epoch, partitions, offsets, stamps)
