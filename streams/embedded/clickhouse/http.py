"""ClickHouse's HTTP interface in front of the engine."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from aiohttp import web

from streams.embedded.clickhouse.blocks import all_to_wire, header
from streams.embedded.clickhouse.engine import Engine
from streams.embedded.clickhouse.errors import ServerError, from_engine
from streams.embedded.clickhouse.request import (
    TEXT_LIMIT,
    awaits_body,
    body_of,
    credentials,
    head_of,
    session_timeout,
)
from streams.embedded.clickhouse.session import Session, quote
from streams.embedded.clickhouse.statement import Insert, Statement, parse
from streams.embedded.clickhouse.users import User, Users

log = logging.getLogger(__name__)
T = TypeVar("T")

_OWN_ARGUMENTS = frozenset(
    {
        "query",
        "database",
        "default_format",
        "user",
        "password",
        "quota_key",
        "session_id",
        "session_timeout",
        "session_check",
        "query_id",
        "compress",
        "decompress",
        "client_protocol_version",
        "wait_end_of_query",
        "buffer_size",
        "stacktrace",
        "role",
    }
)
# Formats whose pieces, put one behind the other, are again a document; the rest is made as a whole.
_PIECEWISE = frozenset(
    {
        "csv",
        "jsoneachrow",
        "jsoncompacteachrow",
        "jsonstringseachrow",
        "jsonlines",
        "ndjson",
        "lineasstring",
        "native",
        "null",
        "rawblob",
        "rowbinary",
        "sqlinsert",
        "tabseparated",
        "tabseparatedraw",
        "tsv",
        "tsvraw",
        "values",
        "msgpack",
    }
)
_CONTENT_TYPES = {
    "json": "application/json",
    "jsoncompact": "application/json",
    "jsonstrings": "application/json",
}
_CONTENT_TYPES |= {"jsoneachrow": "application/x-ndjson", "csv": "text/csv; charset=UTF-8; header=absent"}
_CONTENT_TYPES |= {"csvwithnames": "text/csv; charset=UTF-8; header=present"}
_CONTENT_TYPES |= dict.fromkeys(("native", "rowbinary", "parquet", "arrow"), "application/octet-stream")
_STATUS = {
    516: 401,
    192: 401,
    193: 401,
    497: 403,
    164: 403,
    60: 404,
    81: 404,
    48: 501,
    159: 504,
    241: 503,
    202: 503,
}
_SERVER_FAULTS = frozenset({999, 1001, 1002, 243, 252, 49})


@dataclass(slots=True)
class _Kept:
    """A session that a client named."""

    session: Session
    user: User
    expires: float
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class HttpServer:
    """The HTTP interface of one engine."""

    def __init__(self, engine: Engine, users: Users) -> None:
        self.engine = engine
        self.users = users
        self.inserting = 0
        self._sessions: dict[tuple[str, str], _Kept] = {}
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def listen(self, port: int) -> int:
        """Accept connections on 127.0.0.1; returns the port."""
        app = web.Application(client_max_size=TEXT_LIMIT)
        app.router.add_route("*", "/", self._answer)
        app.router.add_get("/ping", self._ping)
        app.router.add_get("/replicas_status", self._ping)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=5, auto_decompress=False
        )
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", port, backlog=512)
        await self._site.start()
        self._sweeper = asyncio.create_task(self._sweep())
        bound: int = self._runner.addresses[0][1]
        return bound

    async def refuse(self) -> None:
        """Accept nothing new."""
        if self._site:
            await self._site.stop()

    async def close(self) -> None:
        """End all requests and sessions."""
        if self._sweeper:
            self._sweeper.cancel()
        if self._runner:
            await self._runner.cleanup()

    async def _sweep(self) -> None:
        """Close the named sessions that nobody came back to."""
        while True:
            await asyncio.sleep(1)
            now = time.monotonic()
            for key, kept in list(self._sessions.items()):
                if kept.expires < now and not kept.lock.locked():
                    del self._sessions[key]
                    await self.engine.run(self.engine.control, kept.session.close)

    async def _ping(self, _: web.Request) -> web.Response:
        return web.Response(text="Ok.\n")

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._query(request)
        except ServerError as error:
            return _failure(error)
        except (web.HTTPException, asyncio.CancelledError, ConnectionError):
            raise
        except Exception as error:
            log.exception("HTTP request failed")
            return _failure(from_engine(error))

    async def _query(self, request: web.Request) -> web.StreamResponse:
        if request.method not in {"GET", "POST", "HEAD"}:
            raise ServerError(501, f"Method {request.method} is not served")
        arguments = request.query
        user = self.users.authenticate(*credentials(request))
        if request.method != "POST":
            user = User(user.name, user.sha256, True, user.settings)
        if arguments.get("compress") == "1" or arguments.get("decompress") == "1":
            raise ServerError(48, "compress=1 and decompress=1 are not served: use Content-Encoding: gzip")
        body = body_of(request)
        sql = arguments.get("query", "")
        head = b""
        if request.can_read_body and not awaits_body(sql):
            # The text goes on in the body; of an INSERT only its beginning is text.
            sql = f"{sql}\n" if sql.strip() else ""
            head, body = await head_of(body, sql)
            sql += head.decode("utf-8", "surrogateescape")
        if request.method != "POST" and not sql.strip():
            return web.Response(text="Ok.\n")
        name = arguments.get("session_id")
        database = arguments.get("database", request.headers.get("X-ClickHouse-Database", ""))
        if name:
            kept = await self._named(user, name, database, arguments)
            async with kept.lock:
                kept.expires = time.monotonic() + session_timeout(arguments)
                return await self._run(request, kept.session, sql, body)
        session = await self.engine.run(self.engine.control, self.engine.session, user, database)
        try:
            return await self._run(request, session, sql, body)
        finally:
            await asyncio.shield(self.engine.run(self.engine.control, session.close))

    async def _named(self, user: User, name: str, database: str, arguments: Mapping[str, str]) -> _Kept:
        key = (f"{user.name}{'(readonly)' if user.readonly else ''}", name)
        if key not in self._sessions:
            if arguments.get("session_check") == "1":
                raise ServerError(372, "Session not found. (SESSION_NOT_FOUND)")
            session = await self.engine.run(self.engine.control, self.engine.session, user, database)
            self._sessions[key] = _Kept(session, user, time.monotonic() + session_timeout(arguments))
        return self._sessions[key]

    async def _run(
        self, request: web.Request, session: Session, sql: str, body: AsyncIterator[bytes]
    ) -> web.StreamResponse:
        engine, arguments = self.engine, request.query
        statement = await engine.run(engine.selects, session.parse, sql)
        settings = {key: value for key, value in arguments.items() if key not in _OWN_ARGUMENTS}
        params = {key[6:]: value for key, value in settings.items() if key.startswith("param_")}
        settings = {key: value for key, value in settings.items() if not key.startswith("param_")}
        unknown = next((key for key in settings if key not in engine.settings), None)
        if unknown is not None:
            raise ServerError(
                115, f"Setting {unknown} is neither a builtin setting nor started with a prefix"
            )
        await engine.run(engine.control, session.configure, settings)
        if statement.insert:
            return await self._insert(session, statement.insert, params, body)
        form = (
            statement.format or arguments.get("default_format") or request.headers.get("X-ClickHouse-Format")
        )
        return await self._select(request, session, statement, form or "TabSeparated", params)

    async def _insert(
        self, session: Session, insert: Insert, params: Mapping[str, str], body: AsyncIterator[bytes]
    ) -> web.Response:
        engine = self.engine
        path, unread = engine.spool_file(), False
        self.inserting += 1
        try:
            with path.open("wb") as spool:
                head = insert.data
                async for piece in body:
                    if not unread:
                        spool.write(head.encode("utf-8", "surrogateescape"))
                    unread = True
                    spool.write(piece)
                    if spool.tell() > 64 << 20:
                        # A long body must not starve other clients of the loop.
                        await asyncio.sleep(0)
                if not unread:
                    whole = head.rstrip("; \n\t\r") if insert.format.upper() == "VALUES" else head
                    spool.write(whole.encode("utf-8", "surrogateescape"))
            written = 0
            if path.stat().st_size:
                # Rows of a body were not read by the front: no function may be called in them.
                values = insert.format.upper() == "VALUES" and unread
                settings = "input_format_values_interpret_expressions = 0" if values else ""
                work = partial(session.insert, insert, path, insert.format, params, settings=settings)
                written = await engine.run(engine.inserts, work)
            summary = json.dumps({"written_rows": str(written)})
            return web.Response(headers={"X-ClickHouse-Summary": summary}, content_type="text/plain")
        finally:
            self.inserting -= 1
            path.unlink(missing_ok=True)

    async def _select(
        self,
        request: web.Request,
        session: Session,
        statement: Statement,
        form: str,
        params: Mapping[str, str],
    ) -> web.StreamResponse:
        engine = self.engine
        headers = {
            "Content-Type": _CONTENT_TYPES.get(form.lower(), "text/plain; charset=UTF-8"),
            "X-ClickHouse-Format": form,
            "X-ClickHouse-Timezone": engine.timezone,
            "X-ClickHouse-Server-Display-Name": "koubei",
        }
        if (
            form.lower() == "native"
            and "revision()" in statement.text
            and "client_protocol_version" in request.query
        ):
            return web.Response(body=await self._hello(session, statement, params), headers=headers)
        if form.lower() not in _PIECEWISE:
            pool = engine.pool(statement)
            whole = await self._killable(session, partial(session.whole, statement, form, params), pool)
            return web.Response(body=whole, headers=headers)
        results = session.results(statement, form, params)
        piece: bytes | None = None
        try:
            piece = await self._killable(session, partial(next, results, None))
            if piece is None and form.lower() == "native":
                columns = await engine.run(engine.selects, session.columns, statement, params)
                return web.Response(body=header(columns), headers=headers)
            response = web.StreamResponse(headers=headers)
            await response.prepare(request)
            try:
                while piece is not None:
                    await response.write(piece)
                    piece = await self._killable(session, partial(next, results, None))
            except ServerError as error:
                # The status is sent already: the text tells, and the broken end of the body makes sure.
                await response.write(f"{error}\n".encode())
                if request.transport:
                    request.transport.close()
                raise ConnectionError("result cut short by an error") from error
            await response.write_eof()
            return response
        finally:
            if piece is not None:
                await asyncio.shield(self._abandon(session, results))

    async def _abandon(self, session: Session, results: Generator[bytes, None, None]) -> None:
        """Let go of a result that was not read to its end."""
        await asyncio.wrap_future(self.engine.kill(session.tag))
        await self.engine.run(self.engine.selects, results.close)

    async def _hello(self, session: Session, statement: Statement, params: Mapping[str, str]) -> bytes:
        """The first question of clickhouse-go, answered in a block of its revision.

        It asks for the server's revision: 0, so that from then on it reads blocks as the engine makes them.
        """
        asked = statement.text.replace("revision()", "toUInt32(0) AS `revision()`").replace(
            "displayName()", f"{quote('koubei')} AS `displayName()`"
        )
        whole = await self._killable(session, partial(session.whole, parse(asked), "Native", params))
        return b"".join(piece for block in all_to_wire(whole) for piece in block.pieces)

    async def _killable(
        self, session: Session, work: Callable[[], T], pool: ThreadPoolExecutor | None = None
    ) -> T:
        """Run blocking work of a session; when the client goes away, so does its query."""
        task = asyncio.ensure_future(self.engine.run(pool or self.engine.selects, work))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            while not task.done():
                await asyncio.wrap_future(self.engine.kill(session.tag))
                await asyncio.wait({task}, timeout=0.2)
            with suppress(Exception):
                task.result()
            raise


def _failure(error: ServerError) -> web.Response:
    status = _STATUS.get(error.code, 500 if error.code in _SERVER_FAULTS else 400)
    headers = {"X-ClickHouse-Exception-Code": str(error.code)}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="ClickHouse server HTTP API"'
    return web.Response(status=status, text=f"{error}\n", headers=headers)
