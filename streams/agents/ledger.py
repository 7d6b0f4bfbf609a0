"""The ledger of what was sent, written before and after each attempt; whoever writes together shares one insert."""

import asyncio
from collections.abc import Sequence
from functools import partial

from streams.agents.storing import StoreThread
from streams.store import alerts
from streams.store.alerts import Attempt


class Ledger:
    """Writes lines in the order in which they came.

    Args:
        store: where to.
    """

    def __init__(self, store: StoreThread) -> None:
        self._store = store
        self._waiting: list[tuple[Sequence[Attempt], asyncio.Future[None]]] = []
        self._arrived = asyncio.Event()

    async def write(self, lines: Sequence[Attempt]) -> None:
        """Return once the lines are confirmed; as long as ClickHouse is away, that is not."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((lines, done))
        self._arrived.set()
        await done

    async def run(self) -> None:
        """Write for ever."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            writing, self._waiting = self._waiting, []
            lines = [line for some, _ in writing for line in some]
            await self._store.insist(partial(alerts.note, attempts=lines))
            for _, done in writing:
                if not done.done():
                    done.set_result(None)
