"""How values of each ClickHouse type lie in a Native column: enough to find where the column ends.

A `Layout` never decodes a value. It moves a `Cursor` over the bytes of `n` values and yields whenever the
cursor needs bytes that have not arrived yet, so one scan serves inserts that trickle in from a socket
and results that lie in memory.
"""

import re
from collections.abc import Callable, Generator
from functools import lru_cache

from streams.embedded.clickhouse.cursor import Cursor
from streams.embedded.clickhouse.errors import ServerError

Scan = Generator[None, None, None]
Started = Generator[None, None, "Layout"]


class Layout:
    """How the values of one type lie; `prefix` comes once a column, before all values."""

    def prefix(self, cursor: Cursor) -> Started:
        """Pass what precedes the column's values; returns the layout that they have."""
        yield from ()
        return self

    def values(self, cursor: Cursor, n: int) -> Scan:
        """Pass `n` values."""
        raise NotImplementedError


class Fixed(Layout):
    """Values of `width` bytes each."""

    def __init__(self, width: int) -> None:
        self.width = width

    def values(self, cursor: Cursor, n: int) -> Scan:
        """Pass `n` values without looking at them."""
        cursor.at += n * self.width
        yield from ()


class Text(Layout):
    """String: each value is a varint length and its bytes."""

    def values(self, cursor: Cursor, n: int) -> Scan:
        """Pass `n` strings, runs of equal length by the thousand."""
        yield from cursor.strings(n)


class Nullable(Layout):
    """One byte a value says whether it is NULL; the values follow."""

    def __init__(self, inner: Layout) -> None:
        self.inner = inner

    def prefix(self, cursor: Cursor) -> Started:
        """Pass the inner type's prefix."""
        return Nullable((yield from self.inner.prefix(cursor)))

    def values(self, cursor: Cursor, n: int) -> Scan:
        """Pass the NULL map, then the values."""
        cursor.at += n
        yield from self.inner.values(cursor, n)


class Array(Layout):
    """End offsets as UInt64, then all elements. Map is Array(Tuple(key, value))."""

    def __init__(self, inner: Layout) -> None:
        self.inner = inner

    def prefix(self, cursor: Cursor) -> Started:
        """Pass the element type's prefix."""
        return Array((yield from self.inner.prefix(cursor)))

    def values(self, cursor: Cursor, n: int) -> Scan:
        """Pass the offsets; the last one is the number of elements."""
        if n:
            cursor.at += (n - 1) * 8
            elements = yield from cursor.uint64()
            yield from self.inner.values(cursor, elements)


class Tuple(Layout):
    """Element columns one after the other."""

    def __init__(self, elements: list[Layout]) -> None:
        self.elements = elements

    def prefix(self, cursor: Cursor) -> Started:
        """Pass every element's prefix."""
        started = []
        for element in self.elements:
            started.append((yield from element.prefix(cursor)))
        return Tuple(started)

    def values(self, cursor: Cursor, n: int) -> Scan:
        """Pass every element column; an empty tuple takes one byte a row."""
        if not self.elements:
            cursor.at += n
        for element in self.elements:
            yield from element.values(cursor, n)


_HAS_KEYS = 1 << 9
_NEEDS_GLOBAL_DICTIONARY = 1 << 8


class LowCardinality(Layout):
    """A dictionary of distinct values and an index into it for each row."""

    def __init__(self, keys: Layout) -> None:
        self.keys = keys

    def prefix(self, cursor: Cursor) -> Started:
        """Pass the version of the dictionary's serialization."""
        cursor.at += 8
        yield from ()
        return self

    def values(self, cursor: Cursor, n: int) -> Scan:
        """Pass the dictionary and the indexes."""
        while n:
            kind = yield from cursor.uint64()
            if kind & _NEEDS_GLOBAL_DICTIONARY or not kind & _HAS_KEYS or kind & 0xFF > 3:
                raise ServerError(117, f"LowCardinality index of kind {kind:#x} is not understood")
            keys = yield from cursor.uint64()
            yield from self.keys.values(cursor, keys)
            rows = yield from cursor.uint64()
            if not 0 < rows <= n:
                raise ServerError(117, f"LowCardinality column announces {rows} rows where {n} are left")
            cursor.at += rows << (kind & 0xFF)
            n -= rows


class Variant(Layout):
    """A byte a row says which type it has; then a column for each type, of its rows only."""

    def __init__(self, members: list[Layout]) -> None:
        self.members = members

    def prefix(self, cursor: Cursor) -> Started:
        """Pass the mode and the members' prefixes."""
        if (yield from cursor.uint64()):
            raise ServerError(48, "Variant columns with compact discriminators are not supported")
        started = []
        for member in self.members:
            started.append((yield from member.prefix(cursor)))
        return Variant(started)

    def values(self, cursor: Cursor, n: int) -> Scan:
        """Pass the discriminators, count them, and pass each member's column."""
        while cursor.at + n > len(cursor.data):
            yield
        chosen = cursor.data[cursor.at : cursor.at + n]
        cursor.at += n
        for number, member in enumerate(self.members):
            rows = chosen.count(number)
            if rows:
                yield from member.values(cursor, rows)


class Dynamic(Layout):
    """A Variant whose types are named before the values; what does not fit is a String."""

    def prefix(self, cursor: Cursor) -> Started:
        """Pass the names of the types."""
        version = yield from cursor.uint64()
        if version not in {1, 2}:
            raise ServerError(48, f"Dynamic columns of serialization {version} are not supported")
        if version == 1:
            yield from cursor.varint()
        members = {"SharedVariant": layout("String")}
        for _ in range((yield from cursor.varint())):
            name = (yield from cursor.string()).decode()
            members[name] = layout(name)
        return (yield from Variant([members[name] for name in sorted(members)]).prefix(cursor))


class Json(Layout):
    """A column for each path: declared ones, those found in the data, and one for the rest."""

    def __init__(self, declared: list[Layout]) -> None:
        self.declared = declared

    def prefix(self, cursor: Cursor) -> Started:
        """Pass the names of the paths and the prefix of each."""
        version = yield from cursor.uint64()
        if version == 1:
            return layout("String")
        if version not in {0, 2}:
            raise ServerError(48, f"JSON columns of serialization {version} are not supported")
        if version == 0:
            yield from cursor.varint()
        paths = yield from cursor.varint()
        for _ in range(paths):
            yield from cursor.string()
        columns = [*self.declared, *(Dynamic() for _ in range(paths)), layout("Map(String, String)")]
        return (yield from Tuple(columns).prefix(cursor))


_WIDTHS = {
    1: "Int8 UInt8 Bool Boolean Enum8 Nothing",
    2: "Int16 UInt16 Date Enum16 BFloat16",
    4: "Int32 UInt32 Float32 Date32 DateTime Time IPv4 Decimal32",
    8: "Int64 UInt64 Float64 DateTime64 Time64 Decimal64",
    16: "Int128 UInt128 UUID IPv6 Decimal128",
    32: "Int256 UInt256 Decimal256",
}
_WIDTH = {name: width for width, names in _WIDTHS.items() for name in names.split()}
_ALIASES = {
    "Point": "Tuple(Float64, Float64)",
    "Ring": "Array(Point)",
    "LineString": "Array(Point)",
    "Polygon": "Array(Ring)",
    "MultiLineString": "Array(LineString)",
    "MultiPolygon": "Array(Polygon)",
    "Geometry": "Variant(LineString, MultiLineString, MultiPolygon, Point, Polygon, Ring)",
}
_SPLIT = re.compile(r"'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.|``)*`|\"(?:[^\"\\]|\\.)*\"|[(),]", re.S)
_ELEMENT_NAME = re.compile(r"(?:`(?:[^`\\]|\\.|``)*`|\"(?:[^\"\\]|\\.)*\"|[A-Za-z_][\w.]*)\s+(?=\S)", re.S)


def split(arguments: str) -> list[str]:
    """The arguments of a type, cut at the commas that stand outside parentheses and quotes."""
    parts, depth, start = [], 0, 0
    for token in _SPLIT.finditer(arguments):
        mark = token.group()
        if mark == "(":
            depth += 1
        elif mark == ")":
            depth -= 1
        elif mark == "," and not depth:
            parts.append(arguments[start : token.start()].strip())
            start = token.end()
    parts.append(arguments[start:].strip())
    return [part for part in parts if part]


def _element(text: str) -> Layout:
    """A tuple's element, which may have a name before its type."""
    return layout(_ELEMENT_NAME.sub("", text, count=1))


def _low_cardinality(text: str) -> Layout:
    """The dictionary of LowCardinality(Nullable(T)) holds plain T."""
    inner = text.removeprefix("Nullable(").removesuffix(")") if text.startswith("Nullable(") else text
    return LowCardinality(layout(inner))


def _decimal(text: str) -> Layout:
    precision = int(split(text)[0]) if text else 10
    return Fixed(4 if precision <= 9 else 8 if precision <= 18 else 16 if precision <= 38 else 32)


def _json(text: str) -> Layout:
    """Declared paths lie in the order of their names, whatever the type's text says."""
    paths = {}
    for part in split(text):
        name, _, kind = part.partition(" ")
        if kind and "=" not in name and name.upper() != "SKIP":
            paths[name.strip("`")] = layout(kind)
    return Json([paths[name] for name in sorted(paths)])


_COMPOSED: dict[str, Callable[[str], Layout]] = {
    "Nullable": lambda text: Nullable(layout(text)),
    "Array": lambda text: Array(layout(text)),
    "Tuple": lambda text: Tuple([_element(part) for part in split(text)]),
    "Nested": lambda text: Array(Tuple([_element(part) for part in split(text)])),
    "Map": lambda text: Array(Tuple([layout(part) for part in split(text)])),
    "LowCardinality": _low_cardinality,
    "SimpleAggregateFunction": lambda text: layout(split(text)[-1]),
    "FixedString": lambda text: Fixed(int(text)),
    "Decimal": _decimal,
    "String": lambda _: Text(),
    "Variant": lambda text: Variant([layout(part) for part in split(text)]),
    "Dynamic": lambda _: Dynamic(),
    "JSON": _json,
}


def layout(name: str) -> Layout:
    """The layout of a type written as in `DESCRIBE TABLE`.

    Raises:
        ServerError: 48 (NOT_IMPLEMENTED) for a type whose values this server cannot delimit.
    """
    return _layout(name.strip())


@lru_cache(maxsize=4096)
def _layout(name: str) -> Layout:
    word, _, rest = name.partition("(")
    if word in _WIDTH:
        return Fixed(_WIDTH[word])
    if word.startswith("Interval"):
        return Fixed(8)
    if word in _ALIASES:
        return layout(_ALIASES[word])
    if word in _COMPOSED:
        return _COMPOSED[word](rest.strip().removesuffix(")").strip())
    raise ServerError(
        48,
        f"Columns of type {name} cannot be sent over the native protocol of the embedded ClickHouse: "
        "convert them with toString(), CAST or finalizeAggregation()",
    )
