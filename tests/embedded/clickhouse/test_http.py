"""The HTTP interface, as curl, business-intelligence tools and Grafana use it."""

import gzip
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.embedded.clickhouse.conftest import Server

pytestmark = pytest.mark.embedded


@pytest.fixture
def http(server: "Server", database: str) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=f"http://127.0.0.1:{server.http}",
        auth=("koubei", "secret"),
        params={"database": database},
        timeout=30,
    ) as client:
        yield client


def ask(http: httpx.Client, sql: str, **arguments: str) -> str:
    answer = http.post("/", params={**http.params, **arguments}, content=sql.encode())
    assert answer.status_code == 200, answer.text
    return answer.text


def test_ping(http: httpx.Client) -> None:
    assert http.get("/ping").text == "Ok.\n"
    assert http.get("/").text == "Ok.\n"


def test_formats_named_in_the_text_and_by_default(http: httpx.Client) -> None:
    assert ask(http, "SELECT 1, '口碑'") == "1\t口碑\n"
    assert ask(http, "SELECT 1 AS a FORMAT JSONEachRow") == '{"a":1}\n'
    assert ask(http, "SELECT 1 AS a", default_format="CSVWithNames") == '"a"\n1\n'
    answer = http.post("/", content="SELECT number AS n FROM numbers(3) FORMAT JSON")
    assert answer.headers["Content-Type"].startswith("application/json")
    assert [row["n"] for row in answer.json()["data"]] == [0, 1, 2]


def test_parameters_and_settings_as_arguments(http: httpx.Client) -> None:
    text = "it's \\ {x} ' OR 1=1 --"
    escaped = text.replace("\\", "\\\\")
    assert ask(http, "SELECT {t:String} FORMAT TSVRaw", param_t=escaped) == f"{text}\n"
    assert ask(http, "SELECT getSetting('max_threads')", max_threads="1") == "1\n"
    assert http.post("/", params={"no_such_setting": "1"}, content="SELECT 1").status_code == 400


@pytest.mark.parametrize(
    ("sql", "status", "code"),
    [
        ("selec", 400, 62),
        ("SELECT * FROM nowhere", 404, 60),
        ("SELECT file('/etc/passwd')", 403, 497),
        ("SELECT throwIf(1)", 400, 395),
        ("SELECT 1; SELECT 2", 400, 62),
    ],
)
def test_errors(http: httpx.Client, sql: str, status: int, code: int) -> None:
    answer = http.post("/", content=sql)
    assert answer.status_code == status
    assert answer.headers["X-ClickHouse-Exception-Code"] == str(code)
    assert answer.text.startswith(f"Code: {code}. DB::Exception: ")


def test_users(server: "Server") -> None:
    url = f"http://127.0.0.1:{server.http}/"
    asked = {"query": "SELECT 1"}
    assert httpx.get(url, params={**asked, "user": "reader", "password": "read"}).text == "1\n"
    headers = {"X-ClickHouse-User": "reader", "X-ClickHouse-Key": "read"}
    assert httpx.get(url, params=asked, headers=headers).text == "1\n"
    for auth in (("koubei", "wrong"), ("nobody", ""), ("", "")):
        refused = httpx.get(url, params=asked, auth=auth)
        assert refused.status_code == 401
        assert refused.headers["X-ClickHouse-Exception-Code"] == "516"
    assert httpx.get(url, params=asked).status_code == 401
    reader = httpx.post(url, content="CREATE TABLE x (a UInt8) ENGINE = Memory", headers=headers)
    assert reader.headers["X-ClickHouse-Exception-Code"] == "164"
    lifted = httpx.post(
        url,
        params={"max_execution_time": "600"},
        content="SELECT getSetting('max_execution_time')",
        headers=headers,
    )
    assert lifted.text == "5\n"


def test_get_reads_only(http: httpx.Client) -> None:
    answer = http.get("/", params={**http.params, "query": "CREATE TABLE x (a UInt8) ENGINE = Memory"})
    assert answer.headers["X-ClickHouse-Exception-Code"] == "164"


def test_inserts_by_every_way(http: httpx.Client) -> None:
    ask(http, "CREATE TABLE t (a UInt64, s String) ENGINE = MergeTree ORDER BY a")
    ask(http, "INSERT INTO t VALUES (1, 'FORMAT x'), (1 + 1, upper('b'));\n")
    ask(http, "INSERT INTO t FORMAT CSV\n3,c\n4,d\n")
    ask(http, "5\te\n", query="INSERT INTO t FORMAT TSV")
    ask(http, '{"a": 6, "s": "f"}', query="INSERT INTO t FORMAT JSONEachRow")
    ask(http, "(7, 'g')", query="INSERT INTO t VALUES")
    ask(http, "", query="INSERT INTO t SELECT 8, 'h'")
    packed = gzip.compress(b"9\ti\n")
    answer = http.post(
        "/",
        params={**http.params, "query": "INSERT INTO t FORMAT TSV"},
        content=packed,
        headers={"Content-Encoding": "gzip"},
    )
    assert answer.status_code == 200
    native = http.post("/", content="SELECT 10 + 0::UInt64 AS a, 'j' AS s FORMAT Native").content
    http.post("/", params={**http.params, "query": "INSERT INTO t FORMAT Native"}, content=native)
    assert ask(http, "SELECT a, s FROM t ORDER BY a FORMAT CSV").replace('"', "").split() == (
        ["1,FORMAT", "x", "2,B", "3,c", "4,d", "5,e", "6,f", "7,g", "8,h", "9,i", "10,j"]
    )


def test_long_bodies_with_the_statement_before_the_rows(http: httpx.Client) -> None:
    ask(http, "CREATE TABLE t (a UInt64, s String) ENGINE = MergeTree ORDER BY a")
    rows = "".join(f"{number}\t{'x' * 60}\n" for number in range(60_000))
    ask(http, f"INSERT INTO t FORMAT TSV\n{rows}")
    ask(http, rows, query="INSERT INTO t FORMAT TSV")
    ask(http, "INSERT INTO t VALUES " + ", ".join(f"({number}, ' {number} ')" for number in range(60_000)))
    assert ask(http, "SELECT count(), max(a), countIf(s = concat(' ', toString(a), ' ')) FROM t") == (
        "180000\t59999\t60000\n"
    )


def test_a_body_cannot_call_functions_of_the_host(http: httpx.Client) -> None:
    ask(http, "CREATE TABLE t (s String) ENGINE = Memory")
    for body, query in (
        ("(file('/etc/passwd'))", "INSERT INTO t VALUES"),
        ("VALUES (file('/etc/passwd'))", "INSERT INTO t"),
    ):
        answer = http.post("/", params={**http.params, "query": query}, content=body)
        assert answer.status_code != 200
    assert ask(http, "SELECT count() FROM t") == "0\n"


def test_rejected_rows_are_an_error(http: httpx.Client) -> None:
    ask(http, "CREATE TABLE t (a UInt8, CONSTRAINT c CHECK a < 5) ENGINE = MergeTree ORDER BY a")
    answer = http.post("/", params={**http.params, "query": "INSERT INTO t FORMAT TSV"}, content="1\n9\n")
    assert answer.headers["X-ClickHouse-Exception-Code"] == "469"
    broken = http.post("/", params={**http.params, "query": "INSERT INTO t FORMAT TSV"}, content="x\n")
    assert broken.status_code == 400
    unknown = http.post(
        "/",
        params={**http.params, "query": "INSERT INTO t FORMAT TSV"},
        content=b"1\n",
        headers={"Content-Encoding": "zstd"},
    )
    assert unknown.headers["X-ClickHouse-Exception-Code"] == "48"
    assert ask(http, "SELECT count() FROM t") == "0\n"


def test_a_long_result_streams_and_an_error_inside_it_breaks_the_body(http: httpx.Client) -> None:
    with http.stream("POST", "/", content="SELECT number FROM numbers(2000000)") as answer:
        assert sum(len(piece) for piece in answer.iter_raw()) > 10_000_000
    seen = bytearray()

    def read() -> None:
        sql = "SELECT throwIf(number = 1500000) FROM numbers(2000000)"
        with http.stream("POST", "/", content=sql) as answer:
            assert answer.status_code == 200
            for piece in answer.iter_raw():
                seen.extend(piece)

    with pytest.raises(httpx.RemoteProtocolError):
        read()
    assert b"Code: 395. DB::Exception" in seen[-2000:]


def test_sessions(http: httpx.Client) -> None:
    ask(http, "CREATE TEMPORARY TABLE mine (a UInt8)", session_id="one")
    ask(http, "INSERT INTO mine VALUES (5)", session_id="one")
    assert ask(http, "SELECT a FROM mine", session_id="one") == "5\n"
    assert http.post("/", content="SELECT a FROM mine").status_code == 404
    missing = http.post("/", params={"session_id": "two", "session_check": "1"}, content="SELECT 1")
    assert missing.headers["X-ClickHouse-Exception-Code"] == "372"


def test_the_greeting_of_grafanas_plugin(http: httpx.Client) -> None:
    arguments = {**http.params, "default_format": "Native", "client_protocol_version": "54460"}
    greeting = http.post(
        "/", params=arguments, content="SELECT displayName(), version(), revision(), timezone()"
    )
    body = greeting.content
    # Block info of the client's revision, four columns, one row, and a byte after each type.
    assert body.startswith(
        b"\x01\x00\x02\xff\xff\xff\xff\x00\x04\x01\x0ddisplayName()\x06String\x00\x06koubei"
    )
    assert b"\x0arevision()\x06UInt32\x00\x00\x00\x00\x00" in body
    rows = http.post("/", params=arguments, content="SELECT 7::UInt8 AS x").content
    assert rows == b"\x01\x01\x01x\x05UInt8\x07"


def test_columns_of_the_editor(http: httpx.Client) -> None:
    listed = json.loads(ask(http, "SELECT name FROM system.databases FORMAT JSONCompact"))
    assert ["default"] in listed["data"]
