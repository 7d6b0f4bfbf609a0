"""Blocks are delimited right wherever the bytes happen to be cut; no engine is needed here."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.embedded.clickhouse.blocks import BLOCK_INFO, all_to_wire, from_wire, text, varint
from streams.embedded.clickhouse.cursor import Cursor
from streams.embedded.clickhouse.errors import ServerError
from streams.embedded.clickhouse.types import layout, split


def strings(values: list[bytes]) -> bytes:
    return b"".join(map(text, values))


def column(name: str, kind: str, values: bytes, *, wire: bool) -> bytes:
    return text(name) + text(kind) + (b"\0" if wire else b"") + values


def block(texts: list[bytes], *, wire: bool) -> bytes:
    """A block of five columns, as on the wire or as of the engine."""
    n = len(texts)
    offsets = struct.pack(f"<{n}Q", *range(2, 2 * n + 1, 2))
    pairs = [value for value in texts for _ in range(2)]
    keys = struct.pack("<QQ", 1 << 9, 2) + strings([b"", b"k"]) + struct.pack("<Q", n) + b"\1" * n
    columns = [
        column("s", "String", strings(texts), wire=wire),
        column("a", "Array(Nullable(String))", offsets + b"\0" * 2 * n + strings(pairs), wire=wire),
        column("l", "LowCardinality(Nullable(String))", struct.pack("<Q", 1) + keys, wire=wire),
        column("t", "Tuple(`x, y` UInt16, z FixedString(3))", b"\1\2" * n + b"abc" * n, wire=wire),
        column("e", "String", strings([b"end"] * n), wire=wire),
    ]
    head = BLOCK_INFO if wire else b""
    return head + varint(len(columns)) + varint(n) + b"".join(columns)


def received(pieces: list[bytes]) -> tuple[int, bytes, bytes]:
    """Rows, what was kept, and what was left over after reading one block from pieces."""
    cursor = Cursor()
    reading = from_wire(cursor)
    waiting = list(pieces)
    while True:
        try:
            next(reading)
        except StopIteration as end:
            rest = cursor.data[cursor.at :] + b"".join(waiting)
            return end.value.rows, b"".join(cursor.take()), rest
        cursor.feed(waiting.pop(0))


@given(
    texts=st.lists(
        st.one_of(st.binary(max_size=5), st.binary(min_size=120, max_size=400), st.just(b"x" * 20_000)),
        min_size=1,
        max_size=90,
    ),
    cuts=st.lists(st.integers(0, 10**6), max_size=30),
)
def test_a_block_is_the_same_however_it_is_cut(texts: list[bytes], cuts: list[int]) -> None:
    whole = block(texts, wire=True) + b"next packet"
    places = sorted({cut % (len(whole) + 1) for cut in cuts} | {0, len(whole)})
    pieces = [whole[start:end] for start, end in zip(places, places[1:], strict=False)]
    rows, kept, rest = received(pieces)
    assert rows == len(texts)
    assert kept == block(texts, wire=False)
    assert b"next packet".endswith(rest) or rest == b"next packet"


def test_byte_by_byte() -> None:
    texts = [b"a" * size for size in (0, 1, 127, 128, 16_383, 16_384, 5)] + [b""] * 40
    whole = block(texts, wire=True)
    assert received([whole[at : at + 1] for at in range(len(whole))])[1] == block(texts, wire=False)


@given(texts=st.lists(st.binary(max_size=200), min_size=1, max_size=50))
def test_what_the_engine_writes_reaches_the_wire(texts: list[bytes]) -> None:
    data = block(texts, wire=False)
    both = all_to_wire(data + data)
    assert [found.rows for found in both] == [len(texts)] * 2
    assert b"".join(both[1].pieces) == block(texts, wire=True)


@given(junk=st.binary(max_size=300))
def test_junk_is_an_error_or_a_wait_never_a_crash(junk: bytes) -> None:
    cursor = Cursor()
    reading = from_wire(cursor)
    try:
        next(reading)
        cursor.feed(junk)
        next(reading)
    except (StopIteration, ServerError, ValueError):
        return


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("String, Array(Tuple(UInt8, String))", ["String", "Array(Tuple(UInt8, String))"]),
        ("'a, b' = 1, ')' = 2", ["'a, b' = 1", "')' = 2"]),
        ("`x, (` UInt8, y String", ["`x, (` UInt8", "y String"]),
        ("", []),
    ],
)
def test_arguments_of_types(arguments: str, parts: list[str]) -> None:
    assert split(arguments) == parts


def test_unknown_type() -> None:
    with pytest.raises(ServerError, match="AggregateFunction") as caught:
        layout("Array(AggregateFunction(uniq, UInt64))")
    assert caught.value.code == 48
