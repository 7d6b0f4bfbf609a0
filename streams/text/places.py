"""Where a key or value stands in a TOML source, so that a mistake in a file can be pointed at."""

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

_Path = tuple[str | int, ...]

_GAP = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\n]+")
_PIECE = re.compile(r"\\u.{4}|\\U.{8}|\\[ \t\r]*\n\s*|\\.|.", re.DOTALL)
_SYNTAX = re.compile(r"\(at line (\d+), column (\d+)\)")


class _Place(NamedTuple):
    key: int
    value: int


def place(
    source: str, path: Sequence[str | int], *, key: bool = False, offset: int | None = None
) -> tuple[int, int]:
    """Line and column, both from 1, of what stands at `path`; of its nearest parent when it is not there.

    Args:
        source: a TOML document that tomllib accepts.
        path: keys and indices from the top, as one would subscript the parsed document.
        key: the place of the key instead of the value.
        offset: for a string, the place of this character of it, past quotes and escapes.
    """
    places = _places(source)
    wanted = tuple(path)
    while wanted and wanted not in places:
        wanted, offset = wanted[:-1], None
    if not wanted:
        return 1, 1
    found = places[wanted]
    at = found.key if key else found.value
    if offset is not None and not key:
        at = _inside(source, at, offset)
    return line_and_column(source, at)


def line_and_column(source: str, at: int) -> tuple[int, int]:
    """Line and column, both from 1, of the character with index `at`."""
    return source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at)


def place_of_error(source: str, error: tomllib.TOMLDecodeError) -> tuple[int, int]:
    """Line and column of a mistake that tomllib found; it only tells them in its message."""
    if found := _SYNTAX.search(str(error)):
        return int(found[1]), int(found[2])
    return line_and_column(source, len(source))


def _inside(source: str, at: int, offset: int) -> int:
    """Index of the character of the string at `at` that became character `offset` of its value."""
    string = _STRING.match(source, at)
    if string is None:
        return at
    quotes = 3 if source.startswith(('"""', "'''"), at) else 1
    at += quotes
    stop = string.end() - quotes
    if quotes == 3:
        at += len(source[at : at + 2]) - len(source[at : at + 2].removeprefix("\r").removeprefix("\n"))
    if source[string.start()] == "'":
        return min(at + offset, stop)
    while at < stop and (piece := _PIECE.match(source, at, stop)):
        continued = piece[0][0] == "\\" and piece[0][1] in " \t\r\n"
        if not continued:
            if offset == 0:
                break
            offset -= 1
        at = piece.end()
    return at


@lru_cache(maxsize=64)
def _places(source: str) -> dict[_Path, _Place]:
    walk = _Walk(source)
    walk.document()
    return walk.places


class _Walk:
    """One pass over a document that is known to be valid."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.places: dict[_Path, _Place] = {}
        self._lists: dict[_Path, int] = {}

    def document(self) -> None:
        table: _Path = ()
        self._skip(_GAP)
        while self.at < len(self.source):
            before = self.at
            if self.source[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_GAP)
            if self.at == before:  # not TOML after all
                return

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.source, self.at)
        self.at = found.end() if found else self.at
        return found[0] if found else ""

    def _header(self) -> _Path:
        begin = self.at
        double = self.source.startswith("[[", begin)
        self.at += 2 if double else 1
        keys = self._key()
        path: _Path = ()
        for position, key in enumerate(keys, 1):
            path += (key,)
            if double and position == len(keys):
                self._lists[path] = self._lists.get(path, -1) + 1
                self.places.setdefault(path, _Place(begin, begin))
            if path in self._lists:
                path += (self._lists[path],)
        self.places[path] = _Place(begin, begin)
        self.at += 2 if double else 1
        return path

    def _key(self) -> _Path:
        keys: _Path = ()
        while True:
            self._skip(_BLANK)
            if self.source[self.at : self.at + 1] in ("'", '"'):
                quoted = self._skip(_STRING)
                keys += tuple(tomllib.loads(f"{quoted} = 0")) if quoted else ("",)
            else:
                keys += (self._skip(_BARE),)
            self._skip(_BLANK)
            if self.source[self.at : self.at + 1] != ".":
                return keys
            self.at += 1

    def _pair(self, table: _Path) -> None:
        begin = self.at
        path = table + self._key()
        self.at += 1  # the equals sign
        self._skip(_BLANK)
        self._value(path, begin)

    def _value(self, path: _Path, key: int) -> None:
        self.places[path] = _Place(key, self.at)
        character = self.source[self.at : self.at + 1]
        if character == "[":
            self._items(path, "]")
        elif character == "{":
            self._items(path, "}")
        elif character in ("'", '"') and character:
            self._skip(_STRING)
        else:
            self._skip(_PLAIN)

    def _items(self, path: _Path, end: str) -> None:
        self.at += 1
        number = 0
        self._skip(_GAP)
        while self.at < len(self.source) and self.source[self.at] != end:
            before = self.at
            if end == "]":
                self._value((*path, number), self.at)
            else:
                self._pair(path)
            number += 1
            self._skip(_GAP)
            if self.source[self.at : self.at + 1] == ",":
                self.at += 1
                self._skip(_GAP)
            if self.at == before:
                return
        self.at += 1
