"""The texts of a batch side by side, so that one pass finds something in all of them."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

SEPARATOR = "\x1f"
"""Between two texts; folding drops it, so no text holds it."""

Places = NDArray[np.intp]


class Joined(list[str]):
    """Folded texts that also stand in one piece, put together once for all who look through it.

    The texts are not changed any more.
    """

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Joined":
        """The texts themselves if they are joined already."""
        return texts if isinstance(texts, cls) else cls(texts)

    @cached_property
    def text(self) -> str:
        """All texts, the separator between two."""
        return SEPARATOR.join(self)

    @cached_property
    def begins(self) -> Places:
        """Where in `text` each begins."""
        lengths = np.fromiter(map(len, self), np.intp, len(self)) + len(SEPARATOR)
        return np.cumsum(lengths) - lengths

    def split(self, matches: Sequence[tuple[int, int, int]]) -> Iterable[tuple[int, int, int, int]]:
        """What an automaton found in `text`, by text.

        Args:
            matches: number of a word, where it begins and where it ends in `text`.

        Returns:
            For each, in the same order: number of the text, number of the word, where it begins and ends in
            that text.
        """
        if not matches:
            return ()
        found = np.fromiter(chain.from_iterable(matches), np.intp, 3 * len(matches)).reshape(-1, 3)
        words, starts, stops = found.T
        rows = np.searchsorted(self.begins, starts, "right") - 1
        begins = self.begins[rows]
        return zip(
            *(column.tolist() for column in (rows, words, starts - begins, stops - begins)), strict=True
        )
