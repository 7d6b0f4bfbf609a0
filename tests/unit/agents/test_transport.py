"""What of Faust's consumer we change: the order of commits, and seeks beside a fetch."""

import asyncio
from collections import defaultdict, deque

import pytest
from faust.transport.drivers.aiokafka import Consumer as StockConsumer
from faust.types import TP

from streams.agents.transport import Consumer

POSTS = TP("posts", 0)


@pytest.fixture
def consumer() -> Consumer:
    """A consumer's books, without broker, thread or app."""
    made = Consumer.__new__(Consumer)
    made._handed = defaultdict(deque)
    made._landed = {}
    made._acked = defaultdict(list)
    made._acked_index = defaultdict(set)
    made._not_fetching = asyncio.Event()
    return made


def test_only_the_acked_prefix_of_what_was_handed_out_is_committed(consumer: Consumer) -> None:
    consumer._handed[POSTS].extend([9, 25, 30])
    assert consumer._new_offset(POSTS) is None
    consumer._acked_index[POSTS].add(25)
    assert consumer._new_offset(POSTS) is None
    consumer._acked_index[POSTS].add(9)
    assert consumer._new_offset(POSTS) == 26
    assert consumer._new_offset(POSTS) == 26, "a commit that failed is tried again"
    consumer._acked_index[POSTS].add(30)
    assert consumer._new_offset(POSTS) == 31


async def test_a_seek_waits_for_the_fetch_under_way(
    consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sought = []

    async def seek(_: StockConsumer) -> None:
        sought.append(dict(consumer._handed))

    monkeypatch.setattr(StockConsumer, "perform_seek", seek)
    consumer._handed[POSTS].append(9)
    seeking = asyncio.ensure_future(consumer.perform_seek())
    await asyncio.sleep(0.02)
    assert not sought
    consumer._not_fetching.set()
    await asyncio.wait_for(seeking, 5)
    assert sought == [{}], "what was handed out before is void"
