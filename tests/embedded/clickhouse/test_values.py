"""What goes in comes out: every type, in any shape of block."""

import datetime as dt
import uuid
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.embedded

SHAPES: dict[str, list[Any]] = {
    "Bool": [True, False],
    "Int8": [-128, 127],
    "UInt16": [0, 65535],
    "Int128": [-(2**127), 2**127 - 1],
    "UInt256": [0, 2**256 - 1],
    "Float64": [0.5, -1e300],
    "Decimal(9, 2)": [Decimal("1.25"), Decimal("-9999999.99")],
    "Decimal(38, 10)": [Decimal("123456789012345678.0123456789")],
    "Decimal(76, 1)": [Decimal(10) ** 40],
    "String": ["", "口碑", "x" * 300, "y" * 70_000],
    "FixedString(4)": ["abcd", "ef"],
    "UUID": [uuid.UUID(int=1), uuid.UUID(int=2**128 - 1)],
    "IPv4": [IPv4Address("1.2.3.4")],
    "IPv6": [IPv6Address("::1")],
    "Date": [dt.date(1970, 1, 1), dt.date(2149, 6, 6)],
    "Date32": [dt.date(1900, 1, 1)],
    "DateTime": [dt.datetime.fromisoformat("2026-11-22T08:57:00")],
    "DateTime64(3)": [dt.datetime.fromisoformat("2026-11-22T08:57:01.123000")],
    "Enum8('负' = -1, '正' = 1)": ["负", "正"],
    "Enum16('a b, c' = 1, 'it''s' = 500)": ["a b, c", "it's"],
    "Nullable(String)": [None, "", "x"],
    "LowCardinality(String)": ["a", "b", "a", ""],
    "LowCardinality(Nullable(String))": [None, "b", None],
    "Array(String)": [[], ["a"], ["b", ""]],
    "Array(Array(Nullable(UInt8)))": [[], [[], [1, None]], [[3]]],
    "Array(LowCardinality(String))": [["a", "b"], [], ["a"]],
    "Array(LowCardinality(Nullable(String)))": [["a", None], []],
    "Tuple(UInt8, String)": [(1, "a"), (2, "")],
    "Tuple(`a b` UInt8, c Array(String))": [(1, ["x"]), (2, [])],
    "Map(String, Array(UInt8))": [{}, {"a": [1], "b": []}],
    "Map(LowCardinality(String), Nullable(Float64))": [{"a": None}, {"b": 1.5}],
    "Array(Tuple(String, Map(String, LowCardinality(String))))": [[("a", {"k": "v"})], []],
    "SimpleAggregateFunction(sum, Int64)": [7],
    "Point": [(1.0, 2.0)],
    "Polygon": [[[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]]],
    "MultiPolygon": [[[[(0.0, 0.0), (1.0, 0.0)]]]],
}


@pytest.mark.parametrize("kind", SHAPES)
def test_a_value_of_each_type_comes_back_and_the_column_after_it_too(client: Client, kind: str) -> None:
    # Many rows, so that values straddle the pieces in which the socket delivers them.
    values = SHAPES[kind] * 50
    rows = [(number, value, "end") for number, value in enumerate(values)]
    client.execute(f"CREATE TABLE t (n UInt32, v {kind}, e String) ENGINE = Memory")
    assert client.execute("INSERT INTO t (n, v, e) VALUES", rows) == len(rows)
    back = client.execute("SELECT n, v, e FROM t ORDER BY n")
    pad = {"ef": "ef\0\0"} if kind == "FixedString(4)" else {}
    assert [(n, pad.get(v, v) if pad else v, e) for n, v, e in rows] == [
        (n, v.ljust(4, "\0") if pad else v, e) for n, v, e in back
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.text(max_size=400),
            st.lists(st.text(max_size=5), max_size=4),
            st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            st.dictionaries(st.text(max_size=3), st.binary(max_size=140).map(bytes.hex), max_size=3),
        ),
        max_size=60,
    ),
    size=st.integers(1, 70),
)
def test_any_rows_in_blocks_of_any_size(client: Client, rows: list[tuple[Any, ...]], size: int) -> None:
    client.execute("DROP TABLE IF EXISTS t")
    client.execute(
        "CREATE TABLE t (n UInt32, s String, a Array(String), i Nullable(Int64), m Map(String, String)) ENGINE = Memory"
    )
    numbered = [(number, *row) for number, row in enumerate(rows)]
    if numbered:
        client.execute("INSERT INTO t VALUES", numbered, settings={"insert_block_size": size})
    assert client.execute("SELECT * FROM t ORDER BY n", settings={"max_block_size": size}) == numbered


def test_columnar_insert_of_twenty_thousand_rows(client: Client) -> None:
    n = 20_000
    client.execute(
        "CREATE TABLE t (id UInt64, fixed String, text String, tags Array(String)) ENGINE = Memory"
    )
    columns = [
        list(range(n)),
        [f"{i:016x}" for i in range(n)],
        ["字" * (i % 97) for i in range(n)],
        [["a"] * (i % 3) for i in range(n)],
    ]
    assert client.execute("INSERT INTO t VALUES", columns, columnar=True) == n
    back = client.execute("SELECT * FROM t ORDER BY id", columnar=True)
    assert [list(column) for column in back] == columns


def test_one_value_longer_than_every_buffer(client: Client) -> None:
    client.execute("CREATE TABLE t (s String, e UInt8) ENGINE = Memory")
    big = "长" * 3_000_000
    client.execute("INSERT INTO t VALUES", [(big, 7)])
    assert client.execute("SELECT s, e FROM t") == [(big, 7)]


def test_time_zone_of_a_datetime_reaches_the_client(client: Client) -> None:
    rows, columns = client.execute(
        "SELECT toDateTime('2026-11-22 08:57:00', 'Asia/Shanghai') AS a, toDateTime(0, 'UTC') AS b, now() AS c",
        with_column_types=True,
    )
    assert columns == [("a", "DateTime('Asia/Shanghai')"), ("b", "DateTime('UTC')"), ("c", "DateTime")]
    assert rows[0][0].isoformat() == "2026-11-22T08:57:00+08:00"


def test_json_column(client: Client) -> None:
    client.execute("CREATE TABLE t (n UInt8, j JSON, e String) ENGINE = Memory")
    rows = [(1, {"a": 1, "b": ["x", "y"]}, "end"), (2, {"c": {"d": "z"}}, "end"), (3, {}, "end")]
    client.execute("INSERT INTO t VALUES", rows)
    assert client.execute("SELECT n, j, e FROM t ORDER BY n") == rows


def test_a_type_without_known_length_is_refused_in_words(client: Client) -> None:
    with pytest.raises(ServerException, match="AggregateFunction") as caught:
        client.execute("SELECT uniqState(number) FROM numbers(3)")
    assert caught.value.code == 48
    assert client.execute("SELECT 1") == [(1,)]
