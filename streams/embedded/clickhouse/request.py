"""What an HTTP request brings: who asks, the query text, and a body that may be long."""

import asyncio
import base64
import binascii
import zlib
from collections.abc import AsyncIterator, Mapping

from aiohttp import web

from streams.embedded.clickhouse.errors import ServerError
from streams.embedded.clickhouse.statement import parse

TEXT_LIMIT = 64 << 20
_PIECE = 1 << 18
_HEAD_SIZE = 1 << 16
_INFLATED_LIMIT = 4 << 30
_SESSION_SECONDS = 60.0
_SESSION_LIMIT = 3600.0


def credentials(request: web.Request) -> tuple[str, str]:
    """Name and password, from whichever of ClickHouse's three places holds them."""
    headers, arguments = request.headers, request.query
    if "X-ClickHouse-User" in headers:
        return headers["X-ClickHouse-User"], headers.get("X-ClickHouse-Key", "")
    authorization = headers.get("Authorization", "")
    if authorization.lower().startswith("basic "):
        try:
            name, _, password = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise ServerError(
                516, "Authorization: Basic holds no base64 text. (AUTHENTICATION_FAILED)"
            ) from error
        return name, password
    return arguments.get("user", "default"), arguments.get("password", "")


def session_timeout(arguments: Mapping[str, str]) -> float:
    """Seconds for which a named session stays after its last request."""
    try:
        return min(float(arguments.get("session_timeout", _SESSION_SECONDS)), _SESSION_LIMIT)
    except ValueError:
        return _SESSION_SECONDS


def awaits_body(sql: str) -> bool:
    """Whether a query text is an INSERT whose rows are the request's body."""
    if not sql[:4096].strip():
        return False
    try:
        return parse(sql).insert is not None
    except ServerError:
        return False


async def body_of(request: web.Request) -> AsyncIterator[bytes]:
    """The body in pieces, unpacked.

    Raises:
        ServerError: 48 for an encoding that is not served, 307 when it unpacks to too much.
    """
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    pieces = request.content.iter_chunked(_PIECE)
    if encoding in {"identity", ""}:
        async for piece in pieces:
            yield piece
        return
    if encoding not in {"gzip", "deflate"}:
        raise ServerError(48, f"Content-Encoding {encoding} is not served: send gzip, deflate or plain bytes")
    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    size = 0
    async for piece in pieces:
        packed = piece
        while packed:
            try:
                # In steps of a bounded size: a small body may hold terabytes of zeros.
                unpacked = inflate.decompress(packed, _PIECE)
            except zlib.error as error:
                raise ServerError(
                    354, f"The body is no {encoding}: {error}. (ZLIB_INFLATE_FAILED)"
                ) from error
            packed = inflate.unconsumed_tail
            size += len(unpacked)
            if size > _INFLATED_LIMIT:
                raise ServerError(
                    307, f"The body unpacks to more than {_INFLATED_LIMIT >> 30} GiB. (TOO_MANY_BYTES)"
                )
            yield unpacked
            await asyncio.sleep(0)
    if not inflate.eof:
        raise ServerError(354, "The packed body ends too early. (ZLIB_INFLATE_FAILED)")


async def head_of(body: AsyncIterator[bytes], before: str) -> tuple[bytes, AsyncIterator[bytes]]:
    """Read the query text from a body; of an INSERT with many rows only as much as holds its text."""
    head = bytearray()
    async for piece in body:
        head += piece
        if len(head) > TEXT_LIMIT:
            raise ServerError(62, f"The query text is longer than {TEXT_LIMIT >> 20} MiB. (SYNTAX_ERROR)")
        if len(head) >= _HEAD_SIZE and head.lstrip()[:6].upper() == b"INSERT" and not before.strip():
            whole = bytes(head)
            end = whole.rfind(b"\n", 0, _HEAD_SIZE)
            start, rest = (whole[: end + 1], whole[end + 1 :]) if end > 0 else (whole, b"")
            if awaits_body(start.decode("utf-8", "surrogateescape")):
                return start, _chain(rest, body)
    return bytes(head), body


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
