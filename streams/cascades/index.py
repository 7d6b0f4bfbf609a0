"""Where a key is: an open-addressing table of four bytes a slot, probed for a whole batch at once."""

from collections.abc import Sequence
from itertools import accumulate, count

import numpy as np
import numpy.typing as npt

from streams.cascades.ragged import Ints

Keys = npt.NDArray[np.uint64]

_EMPTY, _DELETED = -1, -2
_LOAD = 0.6


def mixed(keys: Keys) -> Keys:
    """Keys whose every bit depends on every bit given (the finaliser of SplitMix64)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def hashes(ids: Sequence[str]) -> Keys:
    """64 bits of each id, keyed anew in every process, so that nobody can make two ids meet.

    Two of a million ids share them with a probability of 3e-8.
    """
    return np.fromiter(map(hash, ids), np.int64, len(ids)).view(np.uint64)


def pairs(number: Ints, key: Keys) -> Keys:
    """One key for a number and a key: two pairs meet as rarely as two ids do."""
    return mixed(key ^ mixed(number.astype(np.uint64)))


class Index:
    """Key → place. The keys themselves stay in the caller's column, which every call is given."""

    def __init__(self) -> None:
        self._table = np.full(1024, _EMPTY, np.int32)
        self._used = 0  # deleted slots included: they lengthen the search as well

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._table.nbytes

    def find(self, wanted: Keys, column: Keys) -> Ints:
        """The place of each wanted key, -1 where there is none."""
        places = np.full(len(wanted), -1, np.int64)
        mask = np.uint64(len(self._table) - 1)
        seeking = np.arange(len(wanted))
        for step in map(np.uint64, _steps()):
            slots = self._table[(wanted[seeking] + step) & mask]
            hit = (slots >= 0) & (column[slots] == wanted[seeking])
            places[seeking[hit]] = slots[hit]
            seeking = seeking[~hit & (slots != _EMPTY)]
            if not len(seeking):
                break
        return places

    def add(self, places: Ints, column: Keys) -> None:
        """Enters keys that are not in the table yet, all different, by their places."""
        if self._used + len(places) > _LOAD * len(self._table):
            places = np.concatenate((self._table[self._table >= 0], places))
            size = len(self._table)
            while len(places) > _LOAD / 1.5 * size:
                size *= 2
            self._table = np.full(size, _EMPTY, np.int32)
            self._used = 0
        self._used += len(places)
        keys, mask = column[places], np.uint64(len(self._table) - 1)
        for step in map(np.uint64, _steps()):
            slots = (keys + step) & mask
            free = self._table[slots] == _EMPTY
            self._table[slots[free]] = places[free]
            # Of several that want one slot the last written has it; the others try the next.
            left = self._table[slots] != places
            keys, places = keys[left], places[left]
            if not len(places):
                break

    def delete(self, places: Ints, column: Keys) -> None:
        """Takes keys out, by their places."""
        keys, mask = column[places], np.uint64(len(self._table) - 1)
        for step in map(np.uint64, _steps()):
            slots = (keys + step) & mask
            hit = self._table[slots] == places
            self._table[slots[hit]] = _DELETED
            keys, places = keys[~hit], places[~hit]
            if not len(places):
                break


def _steps() -> "accumulate[int]":
    """0, 1, 3, 6 …: triangular steps visit every slot of a table whose size is a power of two."""
    return accumulate(count())
