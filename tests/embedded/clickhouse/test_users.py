"""Who may do what, and the ways around it that are closed."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

from streams.embedded.clickhouse.errors import ServerError
from streams.embedded.clickhouse.statement import parse
from streams.embedded.clickhouse.users import Users
from streams.errors import BadConfig

if TYPE_CHECKING:
    from tests.embedded.clickhouse.conftest import Server

pytestmark = pytest.mark.embedded


def code_of(client: Client, sql: str, rows: object = None) -> int:
    with pytest.raises(ServerException) as caught:
        client.execute(sql, rows)
    code: int = caught.value.code
    return code


@pytest.mark.parametrize(
    ("user", "password"), [("koubei", "wrong"), ("koubei", ""), ("nobody", "x"), ("", "")]
)
def test_wrong_password_and_unknown_user_look_the_same(server: "Server", user: str, password: str) -> None:
    with Client("127.0.0.1", port=server.native, user=user, password=password) as client:
        assert code_of(client, "SELECT 1") == 516


@pytest.fixture
def reader(client: Client, connect: Callable[..., Client]) -> Client:
    client.execute("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
    client.execute("INSERT INTO t SELECT number FROM numbers(10)")
    return connect("reader")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count() FROM t",
        "WITH 1 AS x SELECT x",
        "SHOW TABLES",
        "DESCRIBE TABLE t",
        "EXPLAIN SELECT 1",
        "EXISTS TABLE t",
        "SELECT 1 SETTINGS max_threads = 1",
        "SELECT 1 SETTINGS max_execution_time = 2",
        "SELECT 'SETTINGS readonly = 0'",
    ],
)
def test_reader_reads(reader: Client, sql: str) -> None:
    assert reader.execute(sql)
    reader.execute("SET max_threads = 1")
    reader.execute("USE system")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE u (a UInt8) ENGINE = Memory",
        "DROP TABLE t",
        "TRUNCATE TABLE t",
        "ALTER TABLE t DELETE WHERE 1",
        "OPTIMIZE TABLE t",
        "INSERT INTO t SELECT 1",
        "INSERT INTO t VALUES (1)",
        "KILL QUERY WHERE 1",
        "/* SELECT */ KILL QUERY WHERE 1",
        "SYSTEM STOP MERGES",
        "SYSTEM SHUTDOWN",
        "CREATE FUNCTION f AS x -> x",
        "GRANT ALL ON *.* TO reader",
        "RENAME TABLE t TO u",
        "DETACH TABLE t",
    ],
)
def test_reader_only_reads(reader: Client, client: Client, sql: str) -> None:
    assert code_of(reader, sql) == 164
    assert client.execute("SELECT count() FROM t") == [(10,)]


@pytest.mark.parametrize(
    "sql",
    [
        "SET readonly = 0",
        "SET readonly = DEFAULT",
        "SET max_threads = 1, readonly = 1",
        "SET `readonly` = 0",
        "SET profile = 'default'",
        "SET max_execution_time = 0",
        "SET max_execution_time = 6",
        "SET max_execution_time = -1",
        "SET compatibility = '20.1'",
        "SELECT 1 SETTINGS max_result_rows = 0",
        "SELECT 1 FROM (SELECT 1 SETTINGS max_rows_to_read = 0)",
        "SELECT 1 SETTINGS max_threads = 1, timeout_overflow_mode = 'break'",
        'SELECT 1 SETTINGS "max_execution_time" = 0',
        "WITH x AS (SELECT 1 SETTINGS /**/ max_execution_time /**/ = 0) SELECT * FROM x",
        "SELECT 1 SETTINGS send_logs_source_regexp = ''",
        "EXPLAIN SELECT 1 SETTINGS max_memory_usage = 0",
    ],
)
def test_reader_cannot_lift_a_limit(reader: Client, sql: str) -> None:
    assert code_of(reader, sql) == 452


def test_limits_hold_however_they_are_contradicted(reader: Client) -> None:
    asked = {"max_execution_time": 600, "max_result_rows": 0, "max_rows_to_read": 0, "readonly": 0}
    assert reader.execute("SELECT getSetting('max_execution_time')", settings=asked) == [(5,)]
    assert reader.execute("SELECT getSetting('max_execution_time')", settings={"max_execution_time": 2}) == [
        (2,)
    ]
    assert reader.execute("SELECT getSetting('max_execution_time')") == [(5,)]
    assert code_of(reader, "SELECT number FROM numbers(5000)") == 396
    assert code_of(reader, "SELECT max(number) FROM numbers(20000000)") == 158
    assert (
        code_of(reader, "SELECT max(sleepEachRow(0.1)) FROM numbers(90) SETTINGS max_block_size = 1") == 159
    )


OUTSIDE = [
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT file('/etc/passwd')",
    "SELECT `file`('/etc/passwd')",
    "SELECT \"file\" /* x */ ('/etc/passwd')",
    "SELECT `fi\\x6ce`('/etc/passwd')",
    "SELECT “file”('/etc/passwd')",
    "SELECT 1 // ' \n , file('/etc/passwd') --'",
    "SELECT ‘'’, file('/etc/passwd'), ‘'’",
    "SELECT $$'$$, file('/etc/passwd'), $$'$$",
    "SELECT a$b$ FROM (SELECT 1 AS a$b$) WHERE file('/etc/passwd') != '' AND a$b$ = 1",
    "SELECT '\\'', file('/etc/passwd'), '\\''",
    "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
    "SELECT * FROM s3('http://127.0.0.1:1/bucket/key', 'CSV', 'a String')",
    "SELECT * FROM remote('127.0.0.1', 'system.one')",
    "SELECT * FROM executable('x.sh', 'CSV', 'a String')",
    "SELECT * FROM python('x')",
    "SELECT * FROM eval('SELECT 1')",
    "SELECT * FROM sqlite('/tmp/x', 'y')",
    "SELECT * FROM icebergLocal('/etc')",
    "SELECT 1 INTO OUTFILE '/tmp/koubei-must-not-exist'",
]
OUTSIDE_WRITES = [
    "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT LineAsString",
    "INSERT INTO t VALUES (length(file('/etc/passwd')))",
    "INSERT INTO FUNCTION file('/tmp/koubei-must-not-exist', 'CSV', 'a UInt64') VALUES (1)",
    "CREATE TABLE u (a String) ENGINE = File(LineAsString, '/etc/passwd')",
    "CREATE TABLE u (a String) ENGINE = URL('http://127.0.0.1:1/', 'TSV')",
    "CREATE TABLE u (a String) ENGINE Executable('x', 'TSV')",
    "CREATE DATABASE u ENGINE = Filesystem('/etc')",
    "CREATE VIEW u AS SELECT file('/etc/passwd')",
    "CREATE FUNCTION u AS x -> file(x)",
    "CREATE DICTIONARY u (k UInt64, v String) PRIMARY KEY k SOURCE(EXECUTABLE(command 'id' format 'TSV')) "
    "LAYOUT(FLAT()) LIFETIME(0)",
    "CREATE DICTIONARY u (k UInt64, v String) PRIMARY KEY k SOURCE(HTTP(url 'http://127.0.0.1:1/' format 'TSV')) "
    "LAYOUT(FLAT()) LIFETIME(0)",
    "BACKUP TABLE t TO File('/tmp/koubei-must-not-exist')",
    "SYSTEM SHUTDOWN",
    "CREATE USER u",
]


@pytest.mark.parametrize("sql", OUTSIDE + OUTSIDE_WRITES)
def test_nobody_reaches_outside_the_database(reader: Client, client: Client, sql: str) -> None:
    assert code_of(client, sql) in {62, 481, 497}
    if sql in OUTSIDE:
        assert code_of(reader, sql) in {62, 481, 497}
    assert not Path("/tmp/koubei-must-not-exist").exists()


def test_the_guard_does_not_see_what_is_not_there() -> None:
    for harmless in (
        "SELECT file, source FROM t",
        "SELECT 'file(' FROM t -- file('x')",
        "INSERT INTO t VALUES ('see file(x)')",
        "CREATE TABLE u (file String, engine String) ENGINE = MergeTree ORDER BY file",
        "SELECT count() FROM t WHERE into = 'outfile'",
    ):
        parse(harmless)
    with pytest.raises(ServerError):
        parse("INSERT INTO t VALUES (file('x'))")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"users": {"a": {}}}',
        '{"users": {"a": {"sha256": "short"}}}',
        '{"users": {"a": {"sha256": "' + "0" * 64 + '", "read_only": true}}}',
    ],
)
def test_a_wrong_users_file_says_what_is_needed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "users.json"
    path.write_text(text)
    with pytest.raises(BadConfig, match=r"users\.json"):
        Users.load(path)
