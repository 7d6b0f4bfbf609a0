"""Columns in ClickHouse's native format, each made as a whole: a batch has ten thousand rows and sixty columns.

The driver walks every column value by value in Python, arrays twice. What is made here are the same bytes; rare types,
and values that are not what their type wants, are left to the driver and to its errors.
"""

import struct
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import accumulate, chain, count
from typing import Any

from clickhouse_driver import Client
from clickhouse_driver.block import BaseBlock
from clickhouse_driver.columns.service import write_column
from clickhouse_driver.defines import DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION
from clickhouse_driver.streams.native import BlockOutputStream
from clickhouse_driver.varint import write_varint
from clickhouse_driver.writer import write_binary_str, write_binary_uint8

Parts = list[bytes]

_LAYOUTS = {
    "Bool": "?",
    "UInt8": "B",
    "UInt16": "H",
    "UInt32": "I",
    "UInt64": "Q",
    "Float32": "f",
    "Float64": "d",
    "DateTime64(3, 'UTC')": "q",
}
"""Types whose values are numbers side by side → what `struct` calls them; times are Unix milliseconds."""

_WORDS = "LowCardinality(String)"
_VERSION = struct.pack("<q", 1)
_OWN_DICTIONARY = 1 << 9 | 1 << 10


def use(client: Client) -> None:
    """Have a client write its blocks with the columns of this module."""
    connection = client.connection
    connection.get_block_out_stream = lambda: _Output(connection.fout, connection.context)


def column(kind: str, values: Sequence[Any]) -> Parts | None:
    """The bytes of a column, its prefix included; None where that is the driver's to do."""
    encode = _encoder(kind)
    if encode is None:
        return None
    try:
        return encode(values)
    except (ArithmeticError, AttributeError, TypeError, ValueError, struct.error):
        return None


class _Output(BlockOutputStream):  # type: ignore[misc]  # the driver has no types
    """The driver's way of writing a block, but for who makes the columns."""

    def write(self, block: BaseBlock) -> None:
        if not block.num_rows:
            super().write(block)
            return
        fout = self.fout
        block.info.write(fout)
        write_varint(block.num_columns, fout)
        write_varint(block.num_rows, fout)
        marked = self.context.server_info.used_revision >= DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION
        for (name, kind), values in zip(block.columns_with_types, block.data, strict=True):
            write_binary_str(name, fout)
            write_binary_str(kind, fout)
            if marked:
                write_binary_uint8(0, fout)
            parts = column(kind, values)
            if parts is None:
                write_column(self.context, name, kind, values, fout)
            else:
                for part in parts:
                    fout.write(part)
        self.finalize()


@lru_cache
def _encoder(kind: str) -> Callable[[Sequence[Any]], Parts] | None:
    nested = kind.startswith("Array(")
    element = kind.removeprefix("Array(")[:-1] if nested else kind
    prefix: Parts = []
    make: Callable[[Sequence[Any]], Parts]
    if element == _WORDS:
        prefix, make = [_VERSION], _words
    elif element in _LAYOUTS:
        make = partial(_numbers, _LAYOUTS[element])
    else:
        return None
    if nested:
        return lambda values: [*prefix, _ends(values), *make(list(chain.from_iterable(values)))]
    return lambda values: [*prefix, *make(values)]


def _numbers(layout: str, values: Sequence[float]) -> Parts:
    return [struct.pack(f"<{len(values)}{layout}", *values)]


def _ends(values: Sequence[Sequence[Any]]) -> bytes:
    """Where each row's elements end."""
    return struct.pack(f"<{len(values)}Q", *accumulate(map(len, values)))


def _words(values: Sequence[str]) -> Parts:
    """The different words and, for each value, which of them it is."""
    if not values:
        return []
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    keys = [numbers[value] for value in values]
    width = (len(numbers) > 255) + (len(numbers) > 65_535)
    parts = [struct.pack("<qq", _OWN_DICTIONARY | width, len(numbers))]
    for word in numbers:
        raw = word.encode()
        parts += (_varint(len(raw)), raw)
    return [*parts, struct.pack("<q", len(values)), *_numbers("BHI"[width], keys)]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
