"""koubei sql: ask the store anything, with the account that can only read."""

import re
import sys
from collections.abc import Iterator
from typing import Annotated, Literal

from cyclopts import Parameter

from streams.cli.common import ClickHouse, Data, reader_url, say, settings
from streams.cli.tables import Rows, write
from streams.errors import BadConfig, StoreRefused
from streams.language import t
from streams.store.client import Connection

Format = Literal["table", "json", "jsonl", "csv"]

READONLY = frozenset({164, 497})
TABLES = (
    "SELECT name, comment FROM system.tables WHERE database = currentDatabase() AND NOT is_temporary "
    "AND name NOT LIKE '.%' ORDER BY name"
)
COLUMNS = (
    "SELECT name, type, comment FROM system.columns "
    "WHERE database = currentDatabase() AND table = {table:String} ORDER BY position"
)


def sql(
    query: Annotated[
        str | None,
        Parameter(
            allow_leading_hyphen=True,
            help=t(
                "SQL，- 表示从标准输入读；--describe 时为表名", "SQL, - reads stdin; a table with --describe"
            ),
        ),
    ] = None,
    *,
    format: Annotated[Format, Parameter(help=t("输出格式", "Output format"))] = "table",
    param: Annotated[
        list[str] | None,
        Parameter(
            help=t(
                "查询参数 名=值，SQL 里写 {名:类型}；可多次",
                "A parameter k=v, {k:Type} in the SQL; repeatable",
            )
        ),
    ] = None,
    describe: Annotated[
        bool,
        Parameter(help=t("列出表，或一张表的列及其含义", "List the tables, or what a table's columns mean")),
    ] = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Run one query and print its rows."""
    loaded = settings(data, None, clickhouse)
    parameters = dict(_parameter(one) for one in param or ())
    if describe:
        text, parameters = (COLUMNS, {"table": query}) if query else (TABLES, {})
    else:
        text = _text(query)
    connection = Connection(reader_url(loaded), timeout=90.0)
    try:
        columns, rows = connection.stream(text, parameters)
        if describe and query:
            rows = _known(rows, query)
        write(Rows(columns, rows), format, loaded.timezone, sys.stdout)
    except StoreRefused as error:
        # Code 0 prints no prefix: the part that one acts on comes first.
        raise StoreRefused(0, explain(error)) from error
    finally:
        connection.close()
    if describe and not query:
        say(t("一张表的列：koubei sql --describe posts", "One table's columns: koubei sql --describe posts"))


def explain(error: StoreRefused) -> str:
    """ClickHouse's text, its hint first, because that is what one acts on."""
    said = f"{error.message} [ClickHouse {error.code}]"
    if error.code in READONLY:
        return t(
            f"这个账号只能读，不能改数据或设置：{said}",
            f"This account can only read, not change data or settings: {said}",
        )
    if hint := re.search(r"[Mm]aybe you meant:? (\[[^\]]*\]|[\w.]+)", error.message):
        names = hint[1].strip("[]").replace("'", "")
        return t(f"是不是想写 {names}？{said}", f"Did you mean {names}? {said}")
    return said


def _text(query: str | None) -> str:
    text = sys.stdin.read() if query == "-" else query
    if not text or not text.strip():
        raise BadConfig(
            t(
                '没有 SQL。例：koubei sql "SELECT count() FROM posts_latest"',
                "No SQL given, see koubei sql --help",
            )
        )
    return text.strip().rstrip(";")


def _parameter(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals or not name.isidentifier():
        raise BadConfig(
            t(f"--param 要写成 名=值，得到 {given!r}", f"--param reads name=value, found {given!r}")
        )
    return name, value


def _known(rows: Iterator[tuple[object, ...]], table: str) -> Iterator[tuple[object, ...]]:
    first = next(rows, None)
    if first is None:
        raise BadConfig(
            t(
                f"没有表 {table}。全部表：koubei sql --describe",
                f"There is no table {table}; see koubei sql --describe",
            )
        )
    yield first
    yield from rows
