"""Bytes of one TCP connection: arriving in pieces with back-pressure, leaving with back-pressure."""

import asyncio
from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

from streams.embedded.clickhouse.blocks import Piece
from streams.embedded.clickhouse.cursor import Cursor
from streams.embedded.clickhouse.errors import ClientGone

T = TypeVar("T")

_HIGH_WATER = 1 << 20


class Wire(asyncio.Protocol):
    """One connection. `connected` is called with it once it stands.

    Attributes:
        cursor: where reading stands.
        interrupt: called when something arrives, or the peer goes, while nobody reads; the argument is the
            first byte that arrived, or -1.
    """

    def __init__(self, connected: Callable[["Wire"], None]) -> None:
        self._connected = connected
        self._transport: asyncio.Transport | None = None
        self._arrived: list[bytes] = []
        self._size = 0
        self._reader: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._gone = False
        self.cursor = Cursor()
        self.interrupt: Callable[[int], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=_HIGH_WATER)
        self._connected(self)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._arrived.append(data)
        self._size += len(data)
        if self._size > _HIGH_WATER and self._transport:
            self._transport.pause_reading()
        self._wake(data[0])

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self._gone = True
        if self._writable and not self._writable.done():
            self._writable.set_result(None)
        self._wake(-1)

    def _wake(self, first: int) -> None:
        if self._reader and not self._reader.done():
            self._reader.set_result(None)
        elif self.interrupt:
            self.interrupt(first)

    def pause_writing(self) -> None:
        """Called by asyncio."""
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """Called by asyncio."""
        if self._writable and not self._writable.done():
            self._writable.set_result(None)

    async def _fill(self) -> None:
        if not self._arrived and not self._gone:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        if not self._arrived:
            raise ClientGone
        data = self._arrived[0] if len(self._arrived) == 1 else b"".join(self._arrived)
        self._arrived.clear()
        if self._size > _HIGH_WATER and self._transport:
            self._transport.resume_reading()
        self._size = 0
        self.cursor.feed(data)

    async def read(
        self, reading: Generator[None, None, T], *, within: float, filled: Callable[[], None] | None = None
    ) -> T:
        """Run a reader of the cursor to its end.

        Args:
            reading: yields when it needs more bytes.
            within: seconds to wait for each piece.
            filled: called after each piece was taken in.

        Raises:
            ClientGone: when the peer closes first.
            TimeoutError: when it stays silent.
        """
        while True:
            try:
                next(reading)
            except StopIteration as end:
                value: T = end.value
                return value
            async with asyncio.timeout(within):
                await self._fill()
            if filled:
                filled()

    def pending(self) -> int:
        """The next byte if it is here already, else -1."""
        if self.cursor.at < len(self.cursor.data):
            return self.cursor.data[self.cursor.at]
        return self._arrived[0][0] if self._arrived else -1

    @property
    def gone(self) -> bool:
        """Whether the peer has closed."""
        return self._gone

    async def write(self, pieces: Iterable[Piece], *, within: float = 300.0) -> None:
        """Send, and wait while the peer does not take it.

        Raises:
            ClientGone: when the peer has closed.
            TimeoutError: when it takes nothing for `within` seconds.
        """
        if self._gone or self._transport is None:
            raise ClientGone
        self._transport.writelines(pieces)
        if self._writable and self.congested:
            async with asyncio.timeout(within):
                await self._writable
        if self._gone:
            raise ClientGone

    @property
    def congested(self) -> bool:
        """Whether the peer does not take what was sent already."""
        return self._writable is not None and not self._writable.done()

    def send(self, pieces: Iterable[Piece]) -> None:
        """Send without waiting; for what is small and rare."""
        if not self._gone and self._transport:
            self._transport.writelines(pieces)

    def close(self) -> None:
        """Send what is buffered, then close."""
        if self._transport:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport:
            self._transport.abort()
