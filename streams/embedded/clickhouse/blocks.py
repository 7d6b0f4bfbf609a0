"""Native blocks between two dialects: the wire's (revision 54459) and the engine's (revision 0).

They differ in what surrounds the values: on the wire a block begins with its info, and a byte stands
between a column's type and its values. Values are the same, so they are passed, never decoded.
"""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field

from streams.embedded.clickhouse.cursor import Cursor
from streams.embedded.clickhouse.errors import ServerError
from streams.embedded.clickhouse.types import layout

# Field 1: is_overflows = 0; field 2: bucket_num = -1; 0 ends the list.
BLOCK_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"
Piece = bytes | memoryview


@dataclass(slots=True)
class Block:
    """One block: its shape, and its bytes in the dialect of the other side."""

    columns: list[tuple[bytes, bytes]] = field(default_factory=list)
    rows: int = 0
    pieces: list[Piece] = field(default_factory=list)
    size: int = 0


def varint(value: int) -> bytes:
    """An unsigned number as LEB128."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def text(value: str | bytes) -> bytes:
    """A string with its length before it."""
    raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    return varint(len(raw)) + raw


def empty(columns: Iterable[tuple[bytes | str, bytes | str]] = ()) -> bytes:
    """A block without rows, for the wire: how a client learns the columns, or that no more blocks come."""
    columns = list(columns)
    head = b"".join(text(name) + text(kind) + b"\0" for name, kind in columns)
    return BLOCK_INFO + varint(len(columns)) + b"\0" + head


def header(columns: Iterable[tuple[str, str]]) -> bytes:
    """A block without rows as the engine would write it."""
    columns = list(columns)
    return varint(len(columns)) + b"\0" + b"".join(text(name) + text(kind) for name, kind in columns)


def from_wire(cursor: Cursor) -> Generator[None, None, Block]:
    """Pass one block of the wire; what the cursor keeps is the same block for the engine.

    The pieces stay with the cursor, so that a large block can be written away while it arrives.

    Raises:
        ServerError: 48 for a type that cannot be delimited, 117 for bytes that are no block.
    """
    while number := (yield from cursor.varint()):
        if number > 2:
            raise ServerError(117, f"Block info has a field {number}, this server knows 1 and 2")
        cursor.at += 1 if number == 1 else 4
    count = yield from cursor.varint()
    block = Block(rows=(yield from cursor.varint()))
    if count > 1 << 20:
        raise ServerError(117, f"Block announces {count} columns")
    if count:
        cursor.insert(varint(count) + varint(block.rows))
    for _ in range(count):
        cursor.resume()
        kind = yield from _header(cursor, block)
        cursor.pause()
        if (yield from cursor.byte()):
            raise ServerError(48, f"Column {block.columns[-1][0]!r} comes sparse: not supported")
        cursor.resume()
        yield from _values(cursor, kind, block.rows)
        cursor.pause()
    return block


def to_wire(data: bytes, at: int = 0, zones: Mapping[bytes, bytes] | None = None) -> tuple[Block, int]:
    """The block of the engine that begins at `at`, for the wire, and where the next one begins.

    Args:
        data: blocks of the engine.
        at: where this one begins.
        zones: types of the DateTime columns with a time zone, by name; the engine's blocks leave it out.
    """
    cursor = Cursor(data, at)
    block = Block()
    for _ in _to_wire(cursor, block, zones or {}):
        raise ServerError(117, "The engine's block ends too early")
    block.pieces = [BLOCK_INFO, *cursor.take()]
    block.size = cursor.at - at
    return block, cursor.at


def _to_wire(cursor: Cursor, block: Block, zones: Mapping[bytes, bytes]) -> Generator[None, None, None]:
    cursor.resume()
    count = yield from cursor.varint()
    block.rows = yield from cursor.varint()
    for _ in range(count):
        name = yield from cursor.string()
        cursor.pause()
        kind = yield from cursor.string()
        told = zones.get(name, kind) if kind == b"DateTime" else kind
        block.columns.append((name, told))
        cursor.insert(text(told) + b"\0")
        cursor.resume()
        yield from _values(cursor, kind.decode("utf-8", "replace"), block.rows)
    cursor.pause()


def _header(cursor: Cursor, block: Block) -> Generator[None, None, str]:
    name = yield from cursor.string()
    kind = yield from cursor.string()
    block.columns.append((name, kind))
    return kind.decode("utf-8", "replace")


def _values(cursor: Cursor, kind: str, rows: int) -> Generator[None, None, None]:
    if rows:
        shape = layout(kind)
        started = yield from shape.prefix(cursor)
        yield from started.values(cursor, rows)
    yield from cursor.arrived()


def all_to_wire(data: bytes, zones: Mapping[bytes, bytes] | None = None) -> list[Block]:
    """The blocks of a whole result, for the wire."""
    blocks, at = [], 0
    while at < len(data):
        block, at = to_wire(data, at, zones)
        blocks.append(block)
    return blocks
