"""Packets of ClickHouse's native protocol at revisions 54459 to 54463."""

import re
import struct
from collections.abc import Generator, Mapping
from dataclasses import astuple, dataclass, field

from streams.embedded.clickhouse.blocks import empty, text, varint
from streams.embedded.clickhouse.cursor import Cursor
from streams.embedded.clickhouse.errors import ServerError

REVISION = 54463
MIN_REVISION = 54459  # the first with server-side parameters
_ELAPSED, _PASSWORD_RULES, _NONCE, _TOTAL_BYTES = 54460, 54461, 54462, 54463

HELLO, QUERY, DATA, CANCEL, PING, TABLES_STATUS = range(6)

SERVER_HELLO, SERVER_DATA, EXCEPTION, PROGRESS, PONG, END_OF_STREAM, PROFILE_INFO = range(7)
TABLE_COLUMNS, PROFILE_EVENTS = 11, 14

_IMPORTANT = 1
_NAME_LIMIT = 1 << 12  # of what a stranger may send before it is known who it is

_PROFILE_EVENTS = (
    varint(PROFILE_EVENTS)
    + text("")
    + empty(
        [
            ("host_name", "String"),
            ("current_time", "DateTime"),
            ("thread_id", "UInt64"),
            ("type", "Int8"),
            ("name", "String"),
            ("value", "Int64"),
        ]
    )
)


@dataclass(frozen=True, slots=True)
class Hello:
    """How a client introduces itself."""

    client: str
    revision: int
    database: str
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Query:
    """A query as it arrives."""

    id: str
    text: str
    compressed: bool
    settings: Mapping[str, str] = field(default_factory=dict)
    important: frozenset[str] = frozenset()
    params: Mapping[str, str] = field(default_factory=dict)


def _text(cursor: Cursor, limit: int = 1 << 28) -> Generator[None, None, str]:
    raw = yield from cursor.string(limit)
    return raw.decode("utf-8", "surrogateescape")


def read_hello(cursor: Cursor) -> Generator[None, None, Hello]:
    """Pass a client's Hello, its packet number included."""
    if (yield from cursor.varint()) != HELLO:
        raise ServerError(101, "Unexpected packet from client: the first one must be Hello")
    client = yield from _text(cursor, _NAME_LIMIT)
    yield from cursor.varint()
    yield from cursor.varint()
    revision = yield from cursor.varint()
    database = yield from _text(cursor, _NAME_LIMIT)
    user = yield from _text(cursor, _NAME_LIMIT)
    password = yield from _text(cursor, _NAME_LIMIT)
    return Hello(client, revision, database, user, password)


def read_addendum(cursor: Cursor) -> Generator[None, None, None]:
    """Pass the quota key that follows both Hellos."""
    yield from cursor.string()


def _client_info(cursor: Cursor) -> Generator[None, None, None]:
    if not (yield from cursor.byte()):
        return
    for _ in range(3):
        yield from cursor.string()
    cursor.at += 8  # initial query's start time
    if (yield from cursor.byte()) == 1:
        for _ in range(3):
            yield from cursor.string()
        for _ in range(3):
            yield from cursor.varint()
    else:
        cursor.at += 1
        for _ in range(2):
            yield from cursor.string()
    yield from cursor.string()  # quota key
    for _ in range(2):
        yield from cursor.varint()
    if (yield from cursor.byte()):
        cursor.at += 24
        yield from cursor.string()
        cursor.at += 1
    for _ in range(3):
        yield from cursor.varint()


def _pairs(cursor: Cursor) -> Generator[None, None, tuple[dict[str, str], frozenset[str]]]:
    values: dict[str, str] = {}
    important = set()
    while name := (yield from _text(cursor)):
        flags = yield from cursor.varint()
        values[name] = yield from _text(cursor)
        if flags & _IMPORTANT:
            important.add(name)
    return values, frozenset(important)


def read_query(cursor: Cursor) -> Generator[None, None, Query]:
    """Pass a Query packet after its number."""
    query_id = yield from _text(cursor)
    yield from _client_info(cursor)
    settings, important = yield from _pairs(cursor)
    yield from cursor.string()  # interserver secret
    yield from cursor.varint()  # stage
    compressed = yield from cursor.varint()
    sql = yield from _text(cursor)
    params, _ = yield from _pairs(cursor)
    return Query(
        query_id, sql, bool(compressed), settings, important, {k: _param(v) for k, v in params.items()}
    )


_ESCAPED = re.compile(r"\\(.)", re.S)
_ESCAPES = {"b": "\b", "f": "\f", "r": "\r", "n": "\n", "t": "\t", "0": "\0", "a": "\a", "v": "\v"}


def _param(value: str) -> str:
    """A parameter arrives as a string literal of the text, which in turn is escaped as in TSV."""
    if len(value) > 1 and value[0] == value[-1] == "'":
        value = _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), value[1:-1])
    return "\\N" if value == "NULL" else value


def server_hello(version: str, timezone: str, revision: int) -> bytes:
    """The server's answer to the Hello of a client of that revision."""
    major, minor, patch = (int(part) for part in version.split(".")[:3])
    return b"".join(
        [
            varint(SERVER_HELLO),
            text("ClickHouse"),
            varint(major),
            varint(minor),
            varint(REVISION),
            text(timezone),
            text("koubei"),
            varint(patch),
            varint(0) if revision >= _PASSWORD_RULES else b"",
            bytes(8) if revision >= _NONCE else b"",
        ]
    )


def exception(error: ServerError) -> bytes:
    """An Exception packet."""
    return b"".join(
        [
            varint(EXCEPTION),
            struct.pack("<i", error.code),
            text("DB::Exception"),
            text(f"DB::Exception: {error.text}"),
            text(""),
            b"\0",
        ]
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a query has come; nanoseconds, rows and bytes since its start."""

    rows: int = 0
    size: int = 0
    total_rows: int = 0
    total_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    elapsed_ns: int = 0

    def since(self, before: "Progress") -> "Progress":
        """The step from an earlier state to this one."""
        pairs = zip(astuple(self), astuple(before), strict=True)
        return Progress(*(max(now - then, 0) for now, then in pairs))

    def packet(self, revision: int) -> bytes:
        """A Progress packet that tells this step."""
        numbers = [PROGRESS, self.rows, self.size, self.total_rows]
        if revision >= _TOTAL_BYTES:
            numbers.append(self.total_bytes)
        numbers += [self.written_rows, self.written_bytes]
        if revision >= _ELAPSED:
            numbers.append(self.elapsed_ns)
        return b"".join(map(varint, numbers))


def profile_info(rows: int, blocks: int, size: int) -> bytes:
    """A ProfileInfo packet about the result."""
    return b"".join(map(varint, (PROFILE_INFO, rows, blocks, size, 0, rows, 1)))


def data_head() -> bytes:
    """What precedes a block of data."""
    return varint(SERVER_DATA) + text("")


def table_columns() -> bytes:
    """A TableColumns packet with nothing to tell: no default expressions."""
    return varint(TABLE_COLUMNS) + text("") + text("columns format version: 1\n0 columns:\n")


def profile_events() -> bytes:
    """A ProfileEvents packet without events; clients of this revision wait for one after each inserted block."""
    return _PROFILE_EVENTS
