"""Columns made whole are the driver's columns, byte for byte."""

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from clickhouse_driver.block import ColumnOrientedBlock
from clickhouse_driver.bufferedwriter import BufferedSocketWriter
from clickhouse_driver.defines import CLIENT_REVISION
from clickhouse_driver.streams.native import BlockOutputStream

from streams.store import native, tables

CONTEXT = SimpleNamespace(
    client_settings={"strings_as_bytes": False, "use_numpy": False, "strings_encoding": "utf-8"},
    server_info=SimpleNamespace(used_revision=CLIENT_REVISION),
)
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


class Sent:
    """A socket that keeps what is sent."""

    def __init__(self) -> None:
        self.data = b""

    def sendall(self, data: bytes) -> None:
        self.data += bytes(data)


def written(stream: type[BlockOutputStream], columns: dict[str, str], values: list[Sequence[Any]]) -> bytes:
    sent = Sent()
    block = ColumnOrientedBlock(list(columns.items()), [list(column) for column in values])
    stream(BufferedSocketWriter(sent, 1 << 12), CONTEXT).write(block)
    return sent.data


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("Bool", [True, False, 1, 0]),
        ("UInt8", [0, 255]),
        ("UInt16", [0, 65_535]),
        ("UInt32", [0, 2**32 - 1]),
        ("UInt64", [0, 2**64 - 1]),
        ("Float32", [0.1, -1.0, 3]),
        ("Float64", [0.1, -1e300]),
        ("DateTime64(3, 'UTC')", [0, 1_795_349_077_647, -1]),
        ("LowCardinality(String)", ["微博", "", "微博", "知" * 100, "b"]),
        ("LowCardinality(String)", numbers(255)),
        ("LowCardinality(String)", numbers(256)),
        ("LowCardinality(String)", numbers(70_000)),
        ("Array(UInt32)", [[], [1, 2], [], [3]]),
        ("Array(UInt32)", [[]]),
        ("Array(Float32)", [[0.5], (), [1.0, -1.0]]),
        ("Array(LowCardinality(String))", [[], ["星曜", "极光"], ["极光"]]),
        ("Array(LowCardinality(String))", [[], []]),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} values",
)
def test_a_column_is_what_the_driver_would_have_sent(kind: str, values: list[Any]) -> None:
    assert native.column(kind, values) is not None
    assert written(native._Output, {"x": kind}, [values]) == written(BlockOutputStream, {"x": kind}, [values])


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("String", ["a", ""]),
        ("UInt128", [1]),
        ("Map(String, UInt32)", [{"a": 1}]),
        ("Array(String)", [["a"], []]),
        ("DateTime64(3, 'UTC')", [MOMENT]),
    ],
)
def test_what_is_rare_is_left_to_the_driver(kind: str, values: list[Any]) -> None:
    assert native.column(kind, values) is None
    assert written(native._Output, {"x": kind}, [values]) == written(BlockOutputStream, {"x": kind}, [values])


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("UInt8", [256]),
        ("UInt64", [-1]),
        ("UInt32", [0.5]),
        ("UInt32", [None]),
        ("Float32", [1e300]),
        ("LowCardinality(String)", ["\ud800"]),
        ("LowCardinality(String)", [None]),
        ("LowCardinality(String)", [["a"]]),
        ("Array(UInt32)", [[1], None]),
        ("Array(UInt32)", [[1], 2]),
    ],
)
def test_a_wrong_value_fails_as_the_driver_fails(kind: str, values: list[Any]) -> None:
    with pytest.raises(Exception) as of_the_driver:  # noqa: PT011 - whatever it is
        written(BlockOutputStream, {"x": kind}, [values])
    with pytest.raises(type(of_the_driver.value)):
        written(native._Output, {"x": kind}, [values])


def test_a_block_of_every_column_of_the_posts() -> None:
    some: dict[str, Any] = {"UInt128": 7, "Bool": True, "String": "正文", "LowCardinality(String)": "微博"}
    columns = tables.POSTS.columns
    values: list[Sequence[Any]] = [
        [[], [some.get(kind[6:-1], 1)]] if kind.startswith("Array(") else [some.get(kind, 1)] * 2
        for kind in columns.values()
    ]
    assert written(native._Output, columns, values) == written(BlockOutputStream, columns, values)


def test_an_empty_block_ends_the_data() -> None:
    assert written(native._Output, {}, []) == written(BlockOutputStream, {}, [])
