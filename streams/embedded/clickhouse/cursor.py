"""A position in bytes that arrive in pieces, and what was kept of the bytes already passed."""

import struct
from collections.abc import Generator

_UINT64 = struct.Struct("<Q")
_PROBE = 32
_STRETCH = 2048


class Cursor:
    """Moves over arriving bytes; between `resume` and `pause` it keeps what it passes.

    `at` may run past `data`: bytes that nobody has to look at need not be waited for one by one.
    Every method that looks at bytes is a generator that yields when `data` is too short; the caller
    then calls `feed` and goes on.

    Attributes:
        data: the piece at hand.
        at: where reading goes on, relative to `data`.
        kept: pieces of what was passed while keeping, in order.
    """

    __slots__ = ("_keeping", "_start", "at", "data", "kept")

    def __init__(self, data: bytes = b"", at: int = 0) -> None:
        self.data = data
        self.at = at
        self._start = at
        self._keeping = False
        self.kept: list[bytes | memoryview] = []

    def feed(self, more: bytes) -> None:
        """Go on with the bytes that follow `data`."""
        self._keep()
        end = len(self.data)
        if self.at < end:
            self.data = self.data[self.at :] + more
            self.at = 0
        else:
            self.data = more
            self.at -= end
        self._start = 0

    def _keep(self) -> None:
        end = min(self.at, len(self.data))
        if self._keeping and end > self._start:
            self.kept.append(memoryview(self.data)[self._start : end])
        self._start = end

    def pause(self) -> None:
        """Keep what was passed so far, nothing from here on."""
        self._keep()
        self._keeping = False

    def resume(self) -> None:
        """Keep from here on; everything up to here must have arrived."""
        self._start = self.at
        self._keeping = True

    def insert(self, extra: bytes) -> None:
        """Keep `extra` as if it had stood here."""
        self._keep()
        self.kept.append(extra)

    def take(self) -> list[bytes | memoryview]:
        """Hand over what was kept."""
        kept, self.kept = self.kept, []
        return kept

    def arrived(self) -> Generator[None, None, None]:
        """Wait until everything up to the position is there."""
        while self.at > len(self.data):
            yield

    def byte(self) -> Generator[None, None, int]:
        """Pass one byte."""
        while self.at >= len(self.data):
            yield
        value = self.data[self.at]
        self.at += 1
        return value

    def uint64(self) -> Generator[None, None, int]:
        """Pass a little-endian UInt64."""
        while self.at + 8 > len(self.data):
            yield
        value: int = _UINT64.unpack_from(self.data, self.at)[0]
        self.at += 8
        return value

    def varint(self) -> Generator[None, None, int]:
        """Pass an unsigned LEB128 number."""
        value = shift = 0
        while True:
            byte = yield from self.byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("varint of more than ten bytes")

    def string(self, limit: int = 1 << 24) -> Generator[None, None, bytes]:
        """Pass a string of at most `limit` bytes and return it."""
        size = yield from self.varint()
        if size > limit:
            raise ValueError(f"string of {size} bytes where at most {limit} are accepted")
        parts = []
        while size > len(self.data) - self.at:
            # Taken piece by piece: to wait for the whole would copy its beginning again for each piece.
            parts.append(self.data[self.at :])
            size -= len(parts[-1])
            self.at = len(self.data)
            yield
        parts.append(self.data[self.at : self.at + size])
        self.at += size
        return b"".join(parts)

    def strings(self, n: int) -> Generator[None, None, None]:
        """Pass `n` strings; this loop is where the time of an insert goes."""
        while n:
            data, at = self.data, self.at
            if at >= len(data):
                yield
                continue
            n, at = _equal_run(data, at, n)
            try:
                goal = max(n - _STRETCH, 0)
                # One position a string; a look beyond the piece raises IndexError, and the string
                # whose length was cut is read again when more has come.
                for n in range(n - 1, goal - 1, -1):  # noqa: B007, B020, PLW2901
                    size = data[at]
                    if size < 128:
                        at += size + 1
                    elif data[at + 1] < 128:
                        at += (size & 127 | data[at + 1] << 7) + 2
                    else:
                        at = _pass_long(data, at)
                self.at = at
            except IndexError:
                n += 1
                self.at = at
                yield


def _equal_run(data: bytes, at: int, n: int) -> tuple[int, int]:
    """Pass the strings that have the length of the first: counted in C, ids and empty columns fly by."""
    size = data[at]
    if size > 127:
        return n, at
    stride = size + 1
    mark = data[at : at + 1]
    if data[at : at + _PROBE * stride : stride].strip(mark):
        return n, at
    lengths = data[at : at + n * stride : stride]
    run = len(lengths) - len(lengths.lstrip(mark))
    return n - run, at + run * stride


def _pass_long(data: bytes, at: int) -> int:
    """The position after a string whose length takes three bytes or more."""
    size = shift = 0
    while True:
        byte = data[at]
        at += 1
        size |= (byte & 127) << shift
        if byte < 128:
            return at + size
        shift += 7
        if shift > 63:
            raise ValueError("string length of more than ten bytes")
