"""User ids of nodes: bytes in a column, since a Python string for each would take more than all the rest."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from streams.cascades.index import Keys, hashes, mixed
from streams.cascades.ragged import Columns, Ints

WIDTH = 32
"""Bytes kept in the column: as many as our pseudonyms have, and more than platforms' ids. Longer ones lie beside."""


class Names:
    """The column `name` of nodes, without its limit.

    Args:
        columns: the nodes' columns.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._long: dict[int, bytes] = {}
        self._salt = hashes([__name__])[0]

    def write(self, place: Ints, users: Sequence[str]) -> None:
        """Gives each node its user."""
        names = [user.encode(errors="surrogatepass") for user in users]
        self.delete(place)
        self._columns["name"][place] = names
        for at, name in enumerate(names):
            # numpy drops trailing zero bytes.
            if len(name) > WIDTH or name.endswith(b"\0"):
                self._long[int(place[at])] = name

    def read(self, place: Ints) -> npt.NDArray[Any]:
        """The user of each node in UTF-8, as an array that sorts like the ids do."""
        names: npt.NDArray[Any] = self._columns["name"][place]
        if self._long:
            names = names.astype(object)
            for at in np.flatnonzero(np.isin(place, list(self._long))).tolist():
                names[at] = self._long[int(place[at])]
        return names

    def keys(self, place: Ints) -> Keys:
        """A key of each node's user, 0 where nobody is known. Two of a million meet with a probability of 3e-8."""
        names = self._columns["name"][place]
        keys = np.full(len(place), self._salt)
        for word in names.view(np.uint64).reshape(-1, WIDTH // 8).T:
            keys = mixed(keys ^ word)
        if self._long:
            for at in np.flatnonzero(np.isin(place, list(self._long))).tolist():
                keys[at] = hash(self._long[int(place[at])]) & (2**64 - 1)
        keys[names == b""] = 0
        return keys

    def delete(self, place: Ints) -> None:
        """Forgets nodes whose places will be used again."""
        for at in self._long.keys() & set(place.tolist()) if self._long else ():
            del self._long[at]
