"""ClickHouse's native TCP protocol in front of the engine."""

import asyncio
import logging
import os
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from streams.embedded.clickhouse import packets
from streams.embedded.clickhouse.blocks import Block, Piece, empty, from_wire, varint
from streams.embedded.clickhouse.engine import Engine
from streams.embedded.clickhouse.errors import ClientGone, ServerError, from_engine
from streams.embedded.clickhouse.results import Blocks
from streams.embedded.clickhouse.session import Session
from streams.embedded.clickhouse.statement import Insert, Statement
from streams.embedded.clickhouse.types import layout
from streams.embedded.clickhouse.users import Users
from streams.embedded.clickhouse.wire import Wire

log = logging.getLogger(__name__)

_HELLO_SECONDS = 10.0
_IDLE_SECONDS = 3600.0
_PACKET_SECONDS = 300.0
_PROGRESS_SECONDS = 0.1
_LONG_TEXT = 1 << 14


class NativeServer:
    """Accepts native connections and serves each until it ends."""

    def __init__(self, engine: Engine, users: Users) -> None:
        self.engine = engine
        self.users = users
        self.closing = False
        self.inserting = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, port: int) -> int:
        """Accept connections on 127.0.0.1; returns the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Wire(self._connected), "127.0.0.1", port, backlog=512)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    def _connected(self, wire: Wire) -> None:
        task = asyncio.get_running_loop().create_task(Connection(self, wire).serve())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def refuse(self) -> None:
        """Accept nothing new."""
        self.closing = True
        if self._server:
            self._server.close()

    async def close(self) -> None:
        """End all connections."""
        self.refuse()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)


class Connection:
    """One client of the native protocol."""

    def __init__(self, server: NativeServer, wire: Wire) -> None:
        self._server = server
        self._engine = server.engine
        self._wire = wire
        self._session: Session | None = None
        self._revision = packets.REVISION
        self._cancelled = False
        self._told = packets.Progress()
        self._kills: list[Future[None]] = []

    async def serve(self) -> None:
        """Serve the client until it leaves."""
        try:
            await self._hello()
            while not self._server.closing:
                packet = await self._wire.read(self._wire.cursor.varint(), within=_IDLE_SECONDS)
                await self._packet(packet)
        except (ClientGone, TimeoutError, ConnectionError):
            pass
        except ServerError as error:
            await self._last_words(error)
        except (ValueError, UnicodeError) as error:
            await self._last_words(ServerError(117, f"The client's packet cannot be read: {error}"))
        except Exception as error:
            log.exception("native connection failed")
            await self._last_words(from_engine(error))
        finally:
            self._wire.close()
            if self._session:
                with suppress(RuntimeError):
                    await self._engine.run(self._engine.control, self._session.close)

    async def _last_words(self, error: ServerError) -> None:
        with suppress(ClientGone, TimeoutError):
            await self._wire.write([packets.exception(error)], within=5)

    async def _hello(self) -> None:
        cursor = self._wire.cursor
        hello = await self._wire.read(packets.read_hello(cursor), within=_HELLO_SECONDS)
        if hello.revision < packets.MIN_REVISION:
            raise ServerError(
                1,
                f"Clients of protocol revision {packets.MIN_REVISION} or newer are served, yours is {hello.revision}",
            )
        user = self._server.users.authenticate(hello.user, hello.password)
        try:
            self._session = await self._engine.run(
                self._engine.control, self._engine.session, user, hello.database
            )
        except RuntimeError as error:
            raise ClientGone from error
        self._revision = min(hello.revision, packets.REVISION)
        answer = packets.server_hello(self._engine.version, self._engine.timezone, self._revision)
        await self._wire.write([answer])
        await self._wire.read(packets.read_addendum(cursor), within=_HELLO_SECONDS)

    async def _packet(self, packet: int) -> None:
        if packet == packets.PING:
            await self._wire.write([varint(packets.PONG)])
        elif packet == packets.QUERY:
            query = await self._wire.read(packets.read_query(self._wire.cursor), within=_PACKET_SECONDS)
            await self._query(query)
        elif packet != packets.CANCEL:  # a cancel that crossed the end of its query
            raise ServerError(99, f"Unknown packet {packet} from client")

    async def _query(self, query: packets.Query) -> None:
        if query.compressed:
            # What follows in this connection is compressed and cannot be read: the connection ends.
            raise ServerError(
                48,
                "Compression is not served here, on one machine it only costs time: connect with compression=False",
            )
        if self._server.closing:
            raise ClientGone
        session = self._session
        assert session
        external: list[str] = []
        self._cancelled = False
        self._told = packets.Progress()
        try:
            external = await self._external_tables(session)
            parse = session.parse
            statement = (
                await self._engine.run(self._engine.selects, parse, query.text)
                if len(query.text) > _LONG_TEXT
                else parse(query.text)
            )
            if query.settings or session.configured:
                configure = session.configure
                await self._engine.run(self._engine.control, configure, query.settings, query.important)
            insert = statement.insert
            if insert and not insert.data:
                await self._insert(session, insert, query.params)
            elif insert and insert.format.upper() != "VALUES":
                await self._insert_text(session, insert, query.params)
            else:
                await self._select(session, statement, query.params)
        except ServerError as error:
            if self._cancelled and error.code in {394, 236}:
                await self._wire.write([varint(packets.END_OF_STREAM)])
            else:
                await self._wire.write([packets.exception(error)])
        finally:
            for name in external:
                await self._engine.run(self._engine.control, session.drop_temporary, name)

    async def _external_tables(self, session: Session) -> list[str]:
        names: list[str] = []
        while True:
            packet = await self._wire.read(self._wire.cursor.varint(), within=_PACKET_SECONDS)
            if packet != packets.DATA:
                raise ServerError(101, f"Unexpected packet {packet} from client, Data was due")
            name = (await self._wire.read(self._wire.cursor.string(), within=_PACKET_SECONDS)).decode()
            path = self._engine.spool_file()
            try:
                with path.open("wb", buffering=0) as spool:
                    block = await self._receive_block(spool)
                if not block.columns:
                    return names
                names.append(name)
                columns = [(column.decode(), kind.decode()) for column, kind in block.columns]
                await self._engine.run(
                    self._engine.inserts, session.temporary, name, columns, path if block.rows else None
                )
            finally:
                path.unlink(missing_ok=True)

    async def _receive_block(self, spool: Any) -> Block:
        cursor = self._wire.cursor

        def flush() -> None:
            if cursor.kept:
                _write(spool.fileno(), cursor.take())

        try:
            block = await self._wire.read(from_wire(cursor), within=_PACKET_SECONDS, filled=flush)
            flush()
        except (ServerError, ValueError) as error:
            # Where the next packet begins is not known any more.
            await self._last_words(
                error if isinstance(error, ServerError) else ServerError(117, f"Not a block: {error}")
            )
            raise ClientGone from error
        return block

    async def _insert(self, session: Session, insert: Insert, params: Mapping[str, str]) -> None:
        engine = self._engine
        columns = await engine.run(engine.inserts, session.insert_columns, insert)
        for _, kind in columns:
            layout(kind)
        await self._wire.write([packets.table_columns(), packets.data_head(), empty(columns)])
        path = engine.spool_file()
        self._server.inserting += 1
        try:
            rows = await self._receive_rows(path)
            written = 0
            if rows and not self._cancelled:
                work = partial(session.insert, insert, path, "Native", params, rows=rows)
                written = await engine.run(engine.inserts, work)
            await self._wire.write(
                [
                    packets.profile_events(),
                    packets.Progress(written_rows=written).packet(self._revision),
                    varint(packets.END_OF_STREAM),
                ]
            )
        finally:
            self._server.inserting -= 1
            path.unlink(missing_ok=True)

    async def _insert_text(self, session: Session, insert: Insert, params: Mapping[str, str]) -> None:
        """Rows within the text go by the spool too: the engine cuts inline data at the first empty line."""
        engine, path = self._engine, self._engine.spool_file()
        self._server.inserting += 1
        try:
            path.write_bytes(insert.data.encode("utf-8", "surrogateescape"))
            written = await engine.run(engine.inserts, session.insert, insert, path, insert.format, params)
        finally:
            self._server.inserting -= 1
            path.unlink(missing_ok=True)
        step = packets.Progress(written_rows=written).packet(self._revision)
        await self._wire.write([step, varint(packets.END_OF_STREAM)])

    async def _receive_rows(self, path: Path) -> int:
        """Receive blocks into the spool until the empty one; returns how many rows they hold."""
        wire, rows = self._wire, 0
        with path.open("wb", buffering=0) as spool:
            while True:
                packet = await wire.read(wire.cursor.varint(), within=_PACKET_SECONDS)
                if packet == packets.CANCEL:
                    self._cancelled = True
                    return 0
                if packet != packets.DATA:
                    raise ServerError(101, f"Unexpected packet {packet} from client, Data was due")
                await wire.read(wire.cursor.string(), within=_PACKET_SECONDS)
                block = await self._receive_block(spool)
                if not block.columns:
                    return rows
                rows += block.rows
                await wire.write([packets.profile_events()])

    async def _select(self, session: Session, statement: Statement, params: Mapping[str, str]) -> None:
        engine, wire = self._engine, self._wire
        source = Blocks(session, statement, params)
        pool = engine.pool(statement)
        rows = count = size = 0
        self._server.inserting += statement.kind == "INSERT"
        try:
            while (block := await self._watched(session, pool, source)) is not None:
                out: list[Piece] = []
                if not count:
                    out += [packets.data_head(), empty(block.columns)]
                if block.rows:
                    out += [packets.data_head(), *block.pieces]
                count += 1
                rows += block.rows
                size += block.size
                await wire.write([*self._progress(session), *out])
                if self._cancelled:
                    break
            if not count and not self._cancelled:
                columns = await engine.run(pool, session.columns, statement, params)
                if columns:
                    await wire.write([packets.data_head(), empty(columns)])
            await wire.write(
                [
                    *self._progress(session),
                    packets.profile_info(rows, count, size),
                    *self._progress(session, last=True),
                    varint(packets.END_OF_STREAM),
                ]
            )
        finally:
            self._server.inserting -= statement.kind == "INSERT"
            if not source.ended:
                # The engine lets go of a result only when its query stands still.
                await asyncio.wrap_future(engine.kill(session.tag))
                await engine.run(engine.selects, source.close)

    async def _watched(self, session: Session, pool: ThreadPoolExecutor, source: Blocks) -> Block | None:
        """The next block, while a cancel or the client's death ends the query, and progress is told."""
        wire = self._wire
        task = asyncio.ensure_future(self._engine.run(pool, source.next))

        def interrupt(first: int) -> None:
            if first in {-1, packets.CANCEL}:
                # A query that is about to end anyway may do so: the KILL goes out with the next tick.
                self._cancelled = True

        wire.interrupt = interrupt
        try:
            if wire.gone or wire.pending() == packets.CANCEL:
                interrupt(-1)
            while not (await asyncio.wait({task}, timeout=_PROGRESS_SECONDS))[0]:
                if self._cancelled:
                    # Again at each tick: the first may come before the query has begun.
                    self._kill(session)
                elif not wire.congested:
                    wire.send(self._progress(session))
            return task.result()
        except asyncio.CancelledError:
            self._kill(session)
            with suppress(ServerError):
                await asyncio.wait_for(asyncio.shield(task), 5)
            raise
        finally:
            wire.interrupt = None
            # A KILL that comes late must not meet the session's next query.
            await asyncio.gather(*map(asyncio.wrap_future, self._kills), return_exceptions=True)
            self._kills.clear()

    def _kill(self, session: Session) -> None:
        if all(kill.done() for kill in self._kills):
            self._kills.append(self._engine.kill(session.tag))

    def _progress(self, session: Session, *, last: bool = False) -> list[bytes]:
        """A Progress packet with what is new since the last one, if anything is."""
        now, told = session.progress, self._told
        if now == told and not last:
            return []
        self._told = now
        return [now.since(told).packet(self._revision)]


def _write(descriptor: int, pieces: list[Piece]) -> None:
    """Write all of the pieces."""
    for start in range(0, len(pieces), 512):
        batch = pieces[start : start + 512]
        size = sum(len(piece) for piece in batch)
        try:
            written = os.writev(descriptor, batch)
        except OSError as error:
            raise ServerError(243, f"The spool cannot be written: {error}. (NOT_ENOUGH_SPACE)") from error
        if written != size:
            raise ServerError(
                243, "The spool took only a part of a block: the disk is full. (NOT_ENOUGH_SPACE)"
            )
