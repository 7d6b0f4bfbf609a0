"""Rows for people (an aligned table) and for programs (JSON, JSON lines, CSV)."""

import base64
import csv
import json
import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, Literal, NamedTuple, TextIO
from zoneinfo import ZoneInfo

from streams.cli.common import say
from streams.language import t
from streams.store.client import Column

SHOWN = 1_000
"""Rows of a table on the screen; the other formats have no end."""


class Rows(NamedTuple):
    """A result as it is read."""

    columns: Sequence[Column]
    rows: Iterator[Sequence[Any]]


def write(result: Rows, form: Literal["table", "json", "jsonl", "csv"], timezone: str, out: TextIO) -> None:
    """Print the rows.

    Args:
        result: what to print.
        form: `json` is one array of objects, `jsonl` one object a line.
        timezone: of the times shown.
        out: where to.
    """
    zone = ZoneInfo(timezone)
    names = [column.name for column in result.columns]
    match form:
        case "table":
            _table(result, zone, out)
        case "csv":
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(names)
            writer.writerows([_cell(value, zone) for value in row] for row in result.rows)
        case "jsonl":
            for line in _objects(names, result.rows, zone):
                out.write(line + "\n")
        case "json":
            separator = "["
            for line in _objects(names, result.rows, zone):
                out.write(f"{separator}{line}")
                separator = ",\n"
            out.write("]\n" if separator != "[" else "[]\n")


def plain(value: Any, zone: ZoneInfo) -> Any:
    """A value as JSON knows it: times with their offset, bytes that are no text as base64, no NaN."""
    known: Any = str(value)
    match value:
        case None | bool() | int() | str():
            known = value
        case float():
            known = value if math.isfinite(value) else None
        case datetime():
            known = (value.astimezone(zone) if value.tzinfo else value).isoformat()
        case date():
            known = value.isoformat()
        case bytes():
            known = base64.b64encode(value).decode()
        case list() | tuple():
            known = [plain(item, zone) for item in value]
        case dict():
            known = {str(key): plain(item, zone) for key, item in value.items()}
    return known


def _objects(names: list[str], rows: Iterator[Sequence[Any]], zone: ZoneInfo) -> Iterator[str]:
    for row in rows:
        values = (plain(value, zone) for value in row)
        yield json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False)


def _cell(value: Any, zone: ZoneInfo) -> Any:
    known = plain(value, zone)
    return json.dumps(known, ensure_ascii=False) if isinstance(known, list | dict) else known


def _screen(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        there = value.astimezone(zone) if value.tzinfo else value
        return there.strftime("%Y-%m-%d %H:%M:%S") + (
            f".{there.microsecond // 1000:03d}" if there.microsecond else ""
        )
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1e6 else f"{value:,.1f}"
    if value is None:
        return "-"
    return "".join(char if char.isprintable() else " " for char in str(_cell(value, zone)))


def _table(result: Rows, zone: ZoneInfo, out: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in result.columns:
        inner = column.type.removeprefix("Nullable(")
        right = inner.startswith(("UInt", "Int", "Float", "Decimal"))
        table.add_column(column.name, justify="right" if right else "left", overflow="fold")
    for row in islice(result.rows, SHOWN):
        table.add_row(*(Text(_screen(value, zone)) for value in row))
    # Into a file or a pipe nothing may be folded: a program reads it.
    width = None if out.isatty() else 100_000
    Console(file=out, highlight=False, width=width, soft_wrap=width is not None).print(table)
    if next(result.rows, None) is not None:
        say(
            t(
                f"只显示前 {SHOWN} 行，全部：--format csv",
                f"First {SHOWN} rows only; all of them: --format csv",
            )
        )
