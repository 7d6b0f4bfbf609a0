"""Runs the queries of panels and variables; each distinct query at most once a tick, however many ask."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import Struct

from streams.boards.board import Board, Panel, Variable
from streams.boards.macros import ALL, BadMacro, Window, expand, interval
from streams.clock import SYSTEM, Clock
from streams.read.queries import Reader
from streams.store.client import Column, Result

EVER = 1_104_537_600_000
"""2005-01-01 in Unix milliseconds: no stored record is older."""

_SAFE_INTEGER = 2**53


class Range(NamedTuple):
    """A range of time in Unix milliseconds."""

    start: int
    stop: int


class Frame(Struct, frozen=True):
    """A result as JSON: kind of each column (time, number, text) and the rows.

    Times are Unix milliseconds; integers that JavaScript cannot hold are strings; NaN and infinities None.
    """

    names: list[str]
    kinds: list[str]
    rows: list[list[Any]]


class UnknownValue(ValueError):
    """A value was chosen that its variable does not list."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(f"{name}: {value}")
        self.name = name
        self.value = value


class Runner:
    """Panels and variables over a Reader, with results shared between callers.

    Args:
        reader: where the queries run.
        keep: seconds for which a result is handed out again instead of asking anew.
        clock: the time.
    """

    def __init__(self, reader: Reader, *, keep: float = 1.5, clock: Clock = SYSTEM) -> None:
        self._reader = reader
        self._clock = clock
        self._keep = keep
        self._running: dict[str, tuple[float, asyncio.Task[Result]]] = {}

    async def panel(
        self, board: Board, panel: Panel, span: Range, chosen: Mapping[str, Sequence[str]]
    ) -> list[Frame]:
        """Results of a panel's queries, in their order. Raises like `Reader.run` and `statements`."""
        listed = await self.listed(board, span)
        return [frame(await self.ask(sql)) for sql in statements(board, panel, span, chosen, listed)]

    async def listed(self, board: Board, span: Range) -> dict[str, list[str]]:
        """The values of each variable within the range. Raises like `Reader.run`."""
        found = {}
        for variable in board.templating.variables:
            found[variable.name] = await self._values(variable, span)
        return found

    async def texts(self, board: Board, span: Range) -> dict[str, dict[str, str]]:
        """What to write for the values of variables whose query says so in a second column. Raises like `Reader.run`."""
        found = {}
        for variable in board.templating.variables:
            if variable.type == "query":
                rows = await self._rows(variable, span)
                found[variable.name] = {str(row[0]): str(row[1]) for row in rows if len(row) > 1}
        return {name: texts for name, texts in found.items() if texts}

    async def check(self, board: Board, span: Range, chosen: Mapping[str, Sequence[str]]) -> None:
        """Refuse values that a variable does not list, neither in this range nor ever.

        Raises:
            UnknownValue: names the variable and the value.
        """
        for name, values in chosen.items():
            variable = board.variable(name)
            if variable is None:
                raise UnknownValue(name, "")
            wanted = set(values) - {ALL}
            if wanted and (missing := wanted - set(await self._values(variable, span))):
                ever = await self._values(variable, Range(EVER, span.stop))
                if missing := missing - set(ever):
                    raise UnknownValue(name, min(missing))

    async def ask(self, sql: str) -> Result:
        """The result of a query, shared with whoever asked the same within `keep`. Raises like `Reader.run`."""
        now = self._clock.monotonic()
        known = self._running.get(sql)
        if known is None or (known[1].done() and now - known[0] > self._keep):
            if len(self._running) > 500:
                self._running = {
                    text: entry
                    for text, entry in self._running.items()
                    if not entry[1].done() or now - entry[0] <= self._keep
                }
            known = (now, asyncio.ensure_future(self._reader.ask(sql)))
            # A failure that nobody waits for any more is not an event-loop error.
            known[1].add_done_callback(lambda task: task.cancelled() or task.exception())
            self._running[sql] = known
        return await asyncio.shield(known[1])

    async def _values(self, variable: Variable, span: Range) -> list[str]:
        if variable.type == "custom":
            return variable.listed
        return [str(row[0]) for row in await self._rows(variable, span)]

    async def _rows(self, variable: Variable, span: Range) -> list[tuple[Any, ...]]:
        # The list moves slowly: rounded to half minutes, all views of a range share it.
        start, stop = span.start // 30_000 * 30_000, -(-span.stop // 30_000) * 30_000
        sql = expand(variable.query, Window(start, stop, 60), {})
        return (await self.ask(sql)).rows


def statements(
    board: Board,
    panel: Panel,
    span: Range,
    chosen: Mapping[str, Sequence[str]],
    listed: Mapping[str, Sequence[str]],
) -> list[str]:
    """The queries of a panel as ClickHouse gets them.

    Args:
        board: the panel's dashboard, whose variables apply.
        panel: the panel.
        span: the range shown.
        chosen: what the reader chose; a variable left out has its default.
        listed: the values of each variable.

    Raises:
        BadMacro: a query uses something that the page does not know.
    """
    window = Window(*span, interval(*span, panel.max_data_points, panel.least_interval))
    values = {v.name: list(chosen.get(v.name) or [v.default]) for v in board.templating.variables}
    return [expand(target.raw_sql, window, values, listed) for target in panel.targets]


def frame(result: Result) -> Frame:
    """A result as JSON can carry it."""
    kinds = [_kind(column) for column in result.columns]
    return Frame(
        [column.name for column in result.columns], kinds, [[_plain(v) for v in row] for row in result.rows]
    )


def _kind(column: Column) -> str:
    bare = column.type.replace("LowCardinality(", "").replace("Nullable(", "")
    if bare.startswith("Date"):
        return "time"
    return "number" if bare.startswith(("Int", "UInt", "Float", "Decimal", "BFloat")) else "text"


def _plain(value: Any) -> Any:  # noqa: PLR0911 - one line a type
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) < _SAFE_INTEGER else str(value)
    if isinstance(value, float | Decimal):
        number = float(value)
        return number if -1e300 < number < 1e300 else None
    if isinstance(value, datetime):
        return int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp() * 1000)
    if isinstance(value, date):
        return int(datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp() * 1000)
    if isinstance(value, list | tuple):
        return ", ".join(str(_plain(item)) for item in value)
    return str(value)


__all__ = ["BadMacro", "Frame", "Range", "Runner", "UnknownValue", "frame", "statements"]
