"""Expands the Grafana macros that our dashboards use: those that mean the same in every plugin version.

Everything that comes from a reader is a time in milliseconds (an int) or a variable's value. A value gets in as a
quoted string literal, or, by ${name:raw}, as part of the name of a table if it is a plain word.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

ALL = "$__all"
VALUE_LIMIT = 256
"""Longest value of a variable in characters."""


class Window(NamedTuple):
    """A range of time in Unix milliseconds and the width of its buckets in seconds."""

    start: int
    stop: int
    interval: int


class BadMacro(ValueError):
    """A query uses a macro or variable that the page does not know, or with wrong arguments."""


Values = Mapping[str, Sequence[str]]
"""Chosen values of each variable; [ALL] stands for no restriction."""


def interval(start: int, stop: int, points: int, least: int = 1) -> int:
    """Width of a bucket in whole seconds, so that about `points` of them cover the range, at a round figure."""
    wanted = max((stop - start) / 1000 / max(points, 1), least, 1)
    return next((step for step in _STEPS if step >= wanted), _STEPS[-1])


_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
          172_800, 604_800, 2_592_000, 7_776_000, 31_536_000)  # fmt: skip


def expand(sql: str, window: Window, values: Values, listed: Values | None = None) -> str:
    """The query as ClickHouse gets it.

    Args:
        sql: a panel's query.
        window: the range to fill in.
        values: what the reader chose.
        listed: all values of each variable: what Grafana writes for `ALL`.

    Raises:
        BadMacro: the query uses something unknown, or a value is not acceptable.
    """
    for name, chosen in values.items():
        for value in chosen:
            if len(value) > VALUE_LIMIT or any(ord(character) < 32 for character in value):
                raise BadMacro(f"value of {name} is longer than {VALUE_LIMIT} or has control characters")
    sql = _conditions(sql, values)
    sql = _variables(sql, values, listed or {})
    return _times(sql, window)


def literal(value: str) -> str:
    """The value as a ClickHouse string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _conditions(sql: str, values: Values) -> str:
    """$__conditionalAll(condition, $name): the condition, or 1=1 when everything is chosen. Innermost first."""
    name = "$__conditionalAll("
    while (at := sql.rfind(name)) >= 0:
        arguments, end = _arguments(sql, at + len(name))
        if len(arguments) != 2 or not re.fullmatch(r"\$\w+", arguments[1]):
            raise BadMacro("$__conditionalAll takes a condition and a $variable")
        chosen = _chosen(arguments[1][1:], values)
        free = not chosen or list(chosen) == [""] or ALL in chosen
        sql = sql[:at] + ("1=1" if free else arguments[0]) + sql[end:]
    return sql


def _variables(sql: str, values: Values, listed: Values) -> str:
    def replace(match: re.Match[str]) -> str:
        name, form = match.groups()
        chosen = _chosen(name, values)
        if form == "raw":
            if len(chosen) != 1 or not re.fullmatch(r"[a-z_]+", chosen[0]):
                raise BadMacro(f"${{{name}:raw}} takes one word of small letters")
            return chosen[0]
        if not chosen or ALL in chosen:
            chosen = listed.get(name) or [""]
        return ",".join(map(literal, chosen))

    return re.sub(r"\$\{(\w+):(singlequote|raw)\}", replace, sql)


def _chosen(name: str, values: Values) -> Sequence[str]:
    if name not in values:
        raise BadMacro(f"there is no variable {name}")
    return values[name]


def _times(sql: str, window: Window) -> str:
    start, stop, step = window
    # Longest names first: $__timeFilter is the beginning of $__timeFilter_ms.
    calls: dict[str, Callable[[str], str]] = {
        "timeFilter_ms": lambda c: f"{c} >= {_millis(start)} AND {c} <= {_millis(stop)}",
        "timeInterval_ms": lambda c: (
            f"toStartOfInterval(toDateTime64({c}, 3), INTERVAL {step * 1000} millisecond)"
        ),
        "timeFilter": lambda c: f"{c} >= {_seconds(start)} AND {c} <= {_seconds(stop)}",
        "timeInterval": lambda c: f"toStartOfInterval(toDateTime({c}), INTERVAL {step} second)",
    }
    constants = {
        "fromTime_ms": _millis(start),
        "toTime_ms": _millis(stop),
        "interval_s": str(step),
        "fromTime": _seconds(start),
        "toTime": _seconds(stop),
    }
    # One pass from left to right: a value that looks like a macro stands in a literal and is left alone.
    pattern = re.compile(r"'(?:[^'\\]|\\.)*'|\$__(\w+)(\()?|\$\{?\w*", re.DOTALL)
    out, position = [], 0
    while match := pattern.search(sql, position):
        out.append(sql[position : match.start()])
        name, call = match[1], match[2]
        position = match.end()
        if match[0].startswith("'"):
            out.append(match[0])
        elif name in constants and not call:
            out.append(constants[name])
        elif name in calls and call:
            arguments, position = _arguments(sql, match.end())
            if len(arguments) != 1 or not arguments[0]:
                raise BadMacro(f"$__{name} takes one column")
            out.append(calls[name](arguments[0]))
        else:
            raise BadMacro(f"{match[0].rstrip('(')} is not one of the macros that the page knows")
    return "".join([*out, sql[position:]])


def _seconds(millis: int) -> str:
    return f"toDateTime({millis // 1000})"


def _millis(millis: int) -> str:
    return f"fromUnixTimestamp64Milli({millis})"


def _arguments(sql: str, start: int) -> tuple[list[str], int]:
    """Arguments of a call whose bracket opened just before `start`, and the position after its end."""
    depth, arguments, begin, position = 1, [], start, start
    while position < len(sql):
        character = sql[position]
        if character == "'":
            end = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL).match(sql, position)
            position = end.end() if end else len(sql)
            continue
        depth += (character in "([") - (character in ")]")
        if depth == 0 or (depth == 1 and character == ","):
            arguments.append(sql[begin:position].strip())
            begin = position + 1
        if depth == 0:
            return arguments, position + 1
        position += 1
    raise BadMacro("a bracket is not closed")
