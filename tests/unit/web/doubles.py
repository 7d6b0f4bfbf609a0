"""A store that answers from a function, and a feeder that keeps what it is sent."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from streams.errors import BrokerUnavailable
from streams.read.queries import Reader
from streams.store.client import Column, Result
from streams.topics.registry import Topic

Answer = Callable[[str], Result]


def one_number(_: str) -> Result:
    """The same single row to everything."""
    return Result([Column("帖子", "UInt64")], [(7,)])


class FakeReader(Reader):
    """Counts what is asked and answers from a function."""

    def __init__(self, answer: Answer = one_number) -> None:
        super().__init__("clickhouse://nobody@127.0.0.1:1/none", connections=2)
        self.answer = answer
        self.asked: list[str] = []

    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> Result:
        self.asked.append(sql)
        return self.answer(sql)


class FakeFeed:
    """Keeps records instead of sending them; fails when told."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.sent: list[tuple[str, bytes, bytes]] = []
        self.acknowledged = 0
        self.left = 0

    def send(self, topic: Topic, key: bytes, value: bytes) -> None:
        self.sent.append((topic.name, key, value))

    def flush(self, timeout: float) -> None:
        if self.fails:
            raise BrokerUnavailable("Kafka 127.0.0.1:1")
        self.acknowledged = len(self.sent)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.left += 1
