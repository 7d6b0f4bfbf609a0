"""Rows as people and programs see them."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from streams.cli.sql import explain
from streams.cli.tables import SHOWN, Rows, plain, write
from streams.errors import StoreRefused
from streams.store.client import Column

SHANGHAI = ZoneInfo("Asia/Shanghai")


def shown(
    form: Literal["table", "json", "jsonl", "csv"], columns: dict[str, str], *rows: Sequence[Any]
) -> str:
    out = io.StringIO()
    write(Rows([Column(*column) for column in columns.items()], iter(rows)), form, "Asia/Shanghai", out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2**63, 2**63),
        (float("nan"), None),
        (float("inf"), None),
        (datetime(2026, 11, 22, tzinfo=UTC), "2026-11-22T08:00:00+08:00"),
        (datetime(2026, 11, 22), "2026-11-22T00:00:00"),  # noqa: DTZ001 - a column without time zone
        (date(2026, 11, 22), "2026-11-22"),
        (b"\xff\x00", "/wA="),
        ([1, (float("nan"), "x")], [1, [None, "x"]]),
        ({"k": date(2026, 1, 1)}, {"k": "2026-01-01"}),
        (Decimal("1.10"), "1.10"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_values_as_json_knows_them(value: Any, expected: Any) -> None:
    assert plain(value, SHANGHAI) == expected
    json.dumps(expected, allow_nan=False)


def test_json_is_one_array_and_jsonl_an_object_a_line() -> None:
    columns = {"n": "UInt8", "text": "String"}
    rows = [(1, "好\n评"), (2, '"差"')]
    expected = [dict(zip(columns, row, strict=True)) for row in rows]
    assert json.loads(shown("json", columns, *rows)) == expected
    assert [json.loads(line) for line in shown("jsonl", columns, *rows).splitlines()] == expected
    assert shown("json", columns) == "[]\n"
    assert shown("jsonl", columns) == ""


def test_csv_round_trip() -> None:
    text = shown("csv", {"a": "String", "b": "Array(UInt8)"}, ("x,\n\"y'", [1, 2]), ("", []))
    assert list(csv.reader(io.StringIO(text))) == [["a", "b"], ["x,\n\"y'", "[1, 2]"], ["", "[]"]]


def test_a_table_aligns_numbers_right_and_shows_local_time() -> None:
    columns = {"name": "String", "n": "Nullable(UInt64)", "at": "DateTime64(3, 'UTC')"}
    rows = [("a", 5, datetime(2026, 11, 22, 0, 0, 0, 250_000, UTC)), ("b", 12_345, None), ("c", None, None)]
    lines = [line.rstrip() for line in shown("table", columns, *rows).splitlines()]
    assert lines[1].split() == ["a", "5", "2026-11-22", "08:00:00.250"]
    assert lines[1].index("5") == lines[2].index("12345") + 4
    assert lines[3].split() == ["c", "-", "-"]


def test_hostile_text_cannot_move_the_cursor() -> None:
    table = shown("table", {"text": "String"}, ("a\x1b[2Jb\nc[bold]d",))
    assert "\x1b" not in table
    assert "a [2Jb c[bold]d" in table


def test_a_long_table_is_cut_and_says_how_to_get_all(capsys: pytest.CaptureFixture[str]) -> None:
    table = shown("table", {"n": "UInt64"}, *((n,) for n in range(SHOWN + 1)))
    assert len(table.splitlines()) == SHOWN + 1  # with the head
    assert "--format csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "message", "start"),
    [
        (
            47,
            "Unknown expression identifier `x`. Maybe you meant: ['sentiment']. In scope SELECT x",
            "是不是想写 sentiment？",
        ),
        (47, "Unknown x. Maybe you meant: ['a', 'b'].", "是不是想写 a, b？"),
        (60, "Unknown table 'postz'. Maybe you meant koubei.posts? In scope", "是不是想写 koubei.posts？"),
        (164, "Cannot execute query in readonly mode", "这个账号只能读"),
        (62, "Syntax error", "Syntax error [ClickHouse 62]"),
    ],
)
def test_the_hint_comes_first(code: int, message: str, start: str) -> None:
    assert explain(StoreRefused(code, message)).startswith(start)
