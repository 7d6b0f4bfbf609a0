"""Statements, settings, parameters and errors over the native protocol."""

import datetime as dt
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

if TYPE_CHECKING:
    from tests.embedded.clickhouse.conftest import Server

pytestmark = pytest.mark.embedded


def code_of(client: Client, sql: str, *arguments: object) -> int:
    with pytest.raises(ServerException) as caught:
        client.execute(sql, *arguments)
    code: int = caught.value.code
    return code


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("selec 1", 62),
        ("", 62),
        ("-- nothing", 62),
        ("\0SELECT 1", 62),
        ("SELECT 1; SELECT 2", 62),
        ("SELECT nothing_here", 47),
        ("SELECT * FROM nowhere", 60),
        ("SELECT * FROM nowhere.t", 81),
        ("USE nowhere", 81),
        ("SELECT throwIf(number = 200000) FROM numbers(400000)", 395),
        ("SET no_such_setting = 1", 115),
        ("INSERT INTO nowhere VALUES", 60),
    ],
)
def test_errors_have_clickhouse_codes_and_the_connection_lives_on(
    client: Client, sql: str, code: int
) -> None:
    rows = [(1,)] if sql.startswith("INSERT") else None
    assert code_of(client, sql, *([rows] if rows else [])) == code
    assert client.execute("SELECT 1") == [(1,)]


def test_result_without_rows_still_names_its_columns(client: Client) -> None:
    assert client.execute("SELECT 1 AS a, 'x' AS `b c` WHERE 0", with_column_types=True) == (
        [],
        [("a", "UInt8"), ("b c", "String")],
    )
    assert client.execute("SHOW TABLES", with_column_types=True) == ([], [("name", "String")])


@pytest.mark.parametrize(
    "sql",
    [
        "EXPLAIN SELECT 1",
        "SHOW DATABASES",
        "DESCRIBE TABLE system.one",
        "EXISTS TABLE system.one",
        "SELECT name FROM system.databases",
        "WITH 1 AS x SELECT x",
        "FROM numbers(2) SELECT number",
        "(SELECT 1) UNION ALL (SELECT 2)",
        "SELECT 1 FORMAT JSON",
        "SELECT 1 SETTINGS max_threads = 1;",
        "/* a */ SELECT 1 -- b",
    ],
)
def test_statements_that_give_rows(client: Client, sql: str) -> None:
    assert client.execute(sql)


def test_query_text_beyond_the_engines_usual_limit(client: Client) -> None:
    text = "x" * 400_000
    assert client.execute(f"SELECT length('{text}')") == [(400_000,)]
    listed = ", ".join(str(number) for number in range(60_000))
    assert client.execute(f"SELECT count() FROM numbers(70000) WHERE number IN ({listed})") == [(60_000,)]


def test_server_side_parameters(connect: Callable[..., Client]) -> None:
    client = connect(settings={"server_side_params": True})
    texts = ["it's", "a\\b", "line\nbreak\ttab", "' OR 1=1 --", "{x:UInt8}", "口碑"]
    for text in texts:
        assert client.execute("SELECT {t:String}", {"t": text}) == [(text,)]
    assert client.execute(
        "SELECT {n:Int64}, {a:Array(String)}, {z:Nullable(String)}, {d:Date}",
        {"n": -5, "a": texts, "z": None, "d": "2026-11-22"},
    ) == [(-5, texts, None, dt.date(2026, 11, 22))]


def test_settings_of_a_query_end_with_it_and_leave_set_alone(client: Client) -> None:
    asked = "SELECT getSetting('max_threads')"
    client.execute("SET max_threads = 3")
    assert client.execute(asked, settings={"max_threads": 1}) == [(1,)]
    assert client.execute(asked) == [(3,)]
    client.execute("SET max_threads = 4", settings={"max_threads": 1})
    assert client.execute(asked) == [(4,)]
    assert client.execute(asked, settings={"no_such_setting": 1}) == [(4,)]


def test_unknown_setting_that_matters_is_refused(connect: Callable[..., Client]) -> None:
    client = connect(settings_is_important=True)
    with pytest.raises(ServerException) as caught:
        client.execute("SELECT 1", settings={"no_such_setting": 1})
    assert caught.value.code == 115


def test_sessions_are_apart(connect: Callable[..., Client]) -> None:
    one, two = connect(), connect()
    one.execute("CREATE TEMPORARY TABLE mine (a UInt8)")
    one.execute("INSERT INTO mine VALUES", [(1,), (2,)])
    one.execute("USE system")
    assert one.execute("SELECT count() FROM mine") == [(2,)]
    assert code_of(two, "SELECT count() FROM mine") == 60
    assert two.execute("SELECT currentDatabase()") != [("system",)]


def test_database_of_the_hello(server: "Server", database: str) -> None:
    with server.client(database=database) as client:
        assert client.execute("SELECT currentDatabase()") == [(database,)]
    with server.client() as client:
        assert client.execute("SELECT currentDatabase()") == [("default",)]
    with server.client(database="nowhere") as client:
        assert code_of(client, "SELECT 1") == 81


def test_external_tables(client: Client) -> None:
    table = {
        "name": "outside",
        "structure": [("x", "Int32"), ("y", "Array(String)")],
        "data": [{"x": 100, "y": ["a"]}, {"x": 500, "y": []}],
    }
    asked = "SELECT sum(x), sum(length(y)) FROM outside"
    assert client.execute(asked, external_tables=[table]) == [(600, 1)]
    assert code_of(client, asked) == 60


def test_progress_and_profile(client: Client) -> None:
    progress = client.execute_with_progress(
        "SELECT max(sleepEachRow(0.02)) FROM numbers(30)", settings={"max_block_size": 5}
    )
    told = list(progress)
    assert len(told) > 2
    assert told[-1] == (30, 30)
    assert client.last_query.profile_info.rows == 1
    assert client.last_query.progress.elapsed_ns > 100_000_000


def test_insert_as_text_and_from_a_select(client: Client) -> None:
    client.execute(
        "CREATE TABLE t (a UInt64, s String DEFAULT 'd', m UInt64 MATERIALIZED a + 1) ENGINE = Memory"
    )
    client.execute("INSERT INTO t VALUES (1, 'x; SELECT'), (2, 'FORMAT JSON')")
    client.execute("INSERT INTO t (a) SELECT number + 10 FROM numbers(2)")
    client.execute("INSERT INTO t (`a`) VALUES", [(20,)])
    client.execute("INSERT INTO t (* EXCEPT(s)) VALUES", [(30,)])
    client.execute("INSERT INTO t SETTINGS max_threads = 1 FORMAT Native", [(40, "n")])
    assert client.execute("SELECT a, s, m FROM t ORDER BY a") == [
        (1, "x; SELECT", 2),
        (2, "FORMAT JSON", 3),
        (10, "d", 11),
        (11, "d", 12),
        (20, "d", 21),
        (30, "d", 31),
        (40, "n", 41),
    ]
    assert code_of(client, "INSERT INTO t (missing) VALUES", [(1,)]) == 16
    assert code_of(client, "INSERT INTO t (m) VALUES", [(1,)]) == 16


def test_inline_rows_are_not_cut_at_an_empty_line(client: Client) -> None:
    client.execute("CREATE TABLE t (a UInt8, s String) ENGINE = Memory")
    client.execute("INSERT INTO t VALUES (1, 'a\n\nb'),\n\n(2, 'c')")
    client.execute('INSERT INTO t FORMAT JSONEachRow {"a": 3, "s": "d"}\n\n{"a": 4, "s": "e"}')
    assert client.execute("SELECT * FROM t ORDER BY a") == [(1, "a\n\nb"), (2, "c"), (3, "d"), (4, "e")]


def test_rejected_rows_raise(client: Client) -> None:
    client.execute("CREATE TABLE t (a UInt8, CONSTRAINT small CHECK a < 100) ENGINE = MergeTree ORDER BY a")
    client.execute("CREATE TABLE v (a UInt8, b UInt8) ENGINE = MergeTree ORDER BY a")
    client.execute("CREATE MATERIALIZED VIEW m TO v AS SELECT a, throwIf(a = 50) AS b FROM t")
    assert code_of(client, "INSERT INTO t VALUES", [(1,), (200,)]) == 469
    assert code_of(client, "INSERT INTO t VALUES", [(50,)]) == 395
    client.execute("INSERT INTO t VALUES", [(7,)])
    assert client.execute("SELECT groupArray(a) FROM v") == [([7],)]


def test_token_makes_a_retry_harmless_and_blocks_stay_whole(client: Client) -> None:
    client.execute(
        "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100"
    )
    rows = [(number,) for number in range(10)]
    for token in ("one", "one", "two"):
        client.execute("INSERT INTO t VALUES", rows, settings={"insert_deduplication_token": token})
    assert client.execute("SELECT count() FROM t") == [(20,)]
    client.execute("SYSTEM STOP MERGES t")
    client.execute("TRUNCATE TABLE t")
    one_part_a_block = {
        "insert_block_size": 4,
        "min_insert_block_size_rows": 0,
        "min_insert_block_size_bytes": 0,
        "insert_deduplication_token": "three",
    }
    for _ in range(2):
        client.execute("INSERT INTO t VALUES", rows, settings=one_part_a_block)
    parts = "SELECT rows FROM system.parts WHERE database = currentDatabase() AND table = 't' AND active ORDER BY name"
    assert client.execute(parts) == [(4,), (4,), (2,)]


def test_compression_is_refused_in_words(server: "Server") -> None:
    with server.client() as client:
        client.execute("SELECT 1")
        # The driver compresses only with packages that koubei does not need: here just the flag is set.
        client.connection.compression = 1
        with pytest.raises(ServerException, match="compression=False") as caught:
            client.execute("SELECT 1")
    assert caught.value.code == 48


def test_stranger_at_the_port_is_told_and_others_are_not_disturbed(server: "Server", client: Client) -> None:
    for greeting in (b"GET / HTTP/1.1\r\n\r\n", b"\0" * 40, b"\xff" * 100):
        with socket.create_connection(("127.0.0.1", server.native), timeout=15) as stranger:
            stranger.sendall(greeting)
            while stranger.recv(4096):
                pass
    assert client.execute("SELECT 1") == [(1,)]
