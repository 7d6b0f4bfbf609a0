"""Dead letters: the way of a record that was given up, whole, into a topic of its own."""

import asyncio
from collections.abc import Sequence

from streams import __version__
from streams.agents.app import LandingApp
from streams.agents.batch import Failure
from streams.broker.address import Broker
from streams.clock import Clock
from streams.topics import codec
from streams.topics.deadletter import DeadLetter
from streams.topics.registry import DEAD_LETTERS

LIMIT = 700_000
"""Bytes of a bad record that a dead letter keeps: base64 of it still fits Kafka's default of 1 MB."""

WITHIN = 30.0
"""Seconds for Kafka to confirm."""


class Letters:
    """Sends dead letters.

    Args:
        app: whose producer sends them.
        broker: names of topics.
        clock: the time.
    """

    def __init__(self, app: LandingApp, broker: Broker, clock: Clock) -> None:
        self._topic = app.topic(broker.topic(DEAD_LETTERS.name), key_serializer="raw", value_serializer="raw")
        self._clock = clock

    async def bury(self, topic: str, epoch: int, failures: Sequence[Failure]) -> None:
        """Send dead letters and wait until Kafka has them all."""
        now = self._clock.now()
        sent = [
            await self._topic.send(
                key=f"{epoch}:{topic}:{failure.tp.partition}:{failure.offset}".encode(),
                value=codec.encode(_letter(topic, epoch, failure, now)),
                force=True,
            )
            for failure in failures
        ]
        async with asyncio.timeout(WITHIN):
            await asyncio.gather(*sent)


def _letter(topic: str, epoch: int, failure: Failure, now: float) -> DeadLetter:
    value = failure.value or b""
    return DeadLetter(
        topic=topic,
        epoch=epoch,
        partition=failure.tp.partition,
        offset=failure.offset,
        key=(failure.key or b"").decode(errors="replace"),
        value=value[:LIMIT],
        size=len(value),
        reason=failure.reason,
        detail=failure.detail,
        stage=failure.stage,
        version=__version__,
        appended=failure.stamp / 1000,
        failed=now,
    )
