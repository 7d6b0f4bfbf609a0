"""Many growing lists in shared columns: what one array a list would cost too much for."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Column = npt.NDArray[Any]

# Two chunks of each size, then the size doubles: a list has on average a sixth of its room to spare.
_SIZES = np.repeat(2 << np.arange(30), 2)
_BEFORE = np.concatenate(([0], np.cumsum(_SIZES)))[:-1]
_FIRST = 1024


def ranges(starts: npt.NDArray[np.integer], counts: npt.NDArray[np.integer]) -> Ints:
    """`start, start + 1, …` of each pair, `count` numbers long, one after the other."""
    total = int(counts.sum())
    before = np.cumsum(counts) - counts
    whole: Ints = np.arange(total) + np.repeat(np.asarray(starts, np.int64) - before, counts)
    return whole


class Columns:
    """Arrays of one length by name, which grow together.

    Args:
        kinds: name → (dtype, what a new place holds).
    """

    def __init__(self, kinds: Mapping[str, tuple[str, Any]]) -> None:
        self._kinds = kinds
        self._columns: dict[str, Column] = {
            name: np.full(_FIRST, value, dtype) for name, (dtype, value) in kinds.items()
        }
        self.room = _FIRST

    def __getitem__(self, name: str) -> Column:
        return self._columns[name]

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays hold, those still unused included."""
        return sum(column.nbytes for column in self._columns.values())

    def reserve(self, places: int) -> None:
        """Makes room for so many places."""
        if places <= self.room:
            return
        room = max(places, self.room + self.room // 4)
        for name, column in self._columns.items():
            # One after the other: at the worst moment a single column stands twice in memory.
            wider = np.empty(room, column.dtype)
            wider[: self.room] = column
            self._columns[name] = wider
        self.room = room

    def clear(self, places: Ints) -> None:
        """Gives places the value that new ones hold."""
        for name, (_, value) in self._kinds.items():
            self._columns[name][places] = value


class Ragged:
    """Lists, known by number, whose entries share columns. An entry never moves, so places can be kept.

    Room that a deleted list leaves is used again by lists that reach the same size.

    Args:
        kinds: the columns, as for `Columns`.
    """

    def __init__(self, kinds: Mapping[str, tuple[str, Any]]) -> None:
        self.columns = Columns(kinds)
        self._lists = Columns({"length": ("i4", 0)})
        self._starts: list[npt.NDArray[np.int32]] = []  # by chunk, then by list
        self._free: dict[int, list[int]] = {}  # by the size of the chunk
        self._end = 0

    @property
    def nbytes(self) -> int:
        """Bytes in use; the room beyond is only reserved, and no page of it is real before it is written to."""
        used = self.columns.nbytes * self._end // self.columns.room
        return used + self._lists.nbytes + sum(starts.nbytes for starts in self._starts)

    def lengths(self, lists: Ints) -> Ints:
        """How many entries each list has."""
        self._hold(lists)
        return self._lists["length"][lists].astype(np.int64)

    def extend(self, lists: Ints, counts: Ints) -> Ints:
        """Appends `counts` fresh entries to each of these lists (all different); returns their places."""
        old = self.lengths(lists)
        new = old + counts
        first, last = np.searchsorted(_BEFORE, old), np.searchsorted(_BEFORE, new)
        chunks = ranges(first, last - first)
        self._allot(np.repeat(lists, last - first), chunks)
        self._lists["length"][lists] = new
        places = self.at(np.repeat(lists, counts), ranges(old, counts))
        self.columns.clear(places)
        return places

    def at(self, lists: Ints, numbers: Ints) -> Ints:
        """Places of the entries with these numbers in these lists."""
        chunks = np.searchsorted(_BEFORE, numbers, "right") - 1
        places = numbers - _BEFORE[chunks]
        for chunk in np.flatnonzero(np.bincount(chunks)):
            here = np.flatnonzero(chunks == chunk)
            places[here] += self._starts[chunk][lists[here]]
        return places

    def places(self, lists: Ints) -> Ints:
        """Places of all entries, list after list in the order given."""
        lengths = self.lengths(lists)
        return self.at(np.repeat(lists, lengths), ranges(np.zeros_like(lengths), lengths))

    def delete(self, lists: Ints) -> None:
        """Empties lists and gives their room back."""
        chunks = np.searchsorted(_BEFORE, self.lengths(lists))
        for chunk in range(int(chunks.max(initial=0))):
            starts = self._starts[chunk][lists[chunks > chunk]]
            self._free.setdefault(int(_SIZES[chunk]), []).extend(starts.tolist())
        self._lists["length"][lists] = 0

    def _allot(self, lists: Ints, chunks: Ints) -> None:
        for chunk in np.flatnonzero(np.bincount(chunks)).tolist():
            takers = lists[chunks == chunk]
            size = int(_SIZES[chunk])
            free = self._free.get(size, [])
            again = free[len(free) - min(len(free), len(takers)) :]
            del free[len(free) - len(again) :]
            fresh = len(takers) - len(again)
            starts = np.concatenate((np.array(again, np.int64), self._end + size * np.arange(fresh)))
            self._end += size * fresh
            self.columns.reserve(self._end)
            while len(self._starts) <= chunk:
                self._starts.append(np.zeros(self._lists.room, np.int32))
            self._starts[chunk][takers] = starts

    def _hold(self, lists: Ints) -> None:
        room = self._lists.room
        self._lists.reserve(int(lists.max(initial=-1)) + 1)
        if self._lists.room > room:
            self._lists["length"][room:] = 0
            self._starts = [np.pad(starts, (0, self._lists.room - room)) for starts in self._starts]
