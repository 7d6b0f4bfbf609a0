"""ClickHouse for an event loop: one connection in one thread, and patience."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from streams.errors import StoreRefused, StoreUnavailable
from streams.store.client import DATA_FAULTS, Connection

R = TypeVar("R")

_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0


class Troubles(Protocol):
    """Where it is told that ClickHouse is away."""

    def store_unavailable(self, error: Exception, wait: float) -> None:
        """The same call follows after `wait` seconds."""
        ...


class StoreThread:
    """Runs calls on a connection of its own, one after the other.

    Args:
        url: clickhouse://user:password@host:port/database.
        events: where troubles are told.
        fence: called right before each call, in the thread; ends the process if it may not act any more.
        timeout: seconds to wait for an answer.
        name: of the thread.
    """

    def __init__(
        self, url: str, events: Troubles, fence: Callable[[], object], *, timeout: float = 10.0, name: str
    ) -> None:
        self._url = url
        self._events = events
        self._fence = fence
        self._timeout = timeout
        self._connection: Connection | None = None
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, call: Callable[[Connection], R]) -> R:
        """Run `call` once. Raises what it raises."""

        def work() -> R:
            if self._connection is None:
                self._connection = Connection(self._url, timeout=self._timeout)
            self._fence()
            return call(self._connection)

        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    async def insist(self, call: Callable[[Connection], R]) -> R:
        """Run `call` until ClickHouse has served it, however long that takes.

        Raises:
            StoreRefused: the data themselves are refused, and always will be.
        """
        wait = _FIRST_WAIT
        while True:
            try:
                return await self.run(call)
            except (StoreUnavailable, StoreRefused) as error:
                if isinstance(error, StoreRefused) and error.code in DATA_FAULTS:
                    raise
                self._events.store_unavailable(error, wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
